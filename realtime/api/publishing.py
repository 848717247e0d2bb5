"""What notices and announcements have in common: who publishes, in which college, and the campus's day."""

from __future__ import annotations

from data import clock, users
from data.asker import Moment
from data.notices import Viewer
from realtime.api import problem
from realtime.api.base import Handler
from realtime.api.body import MOST_INTEGER
from realtime.api.problem import Problem

PUBLISHERS = users.ADMIN_ROLES | {"teacher", "staff"}


class PublishingHandler(Handler):
    """A handler whose reading is for all, and whose writing is for PUBLISHERS."""

    @property
    def today(self) -> str:
        """The date that people on the campus have now."""
        return clock.day(self.campus.wall_s(), self.campus.options.timezone)

    @property
    def moment(self) -> Moment:
        """Now, as what is told of notices needs it."""
        wall_s, options = self.campus.wall_s(), self.campus.options
        today = clock.day(wall_s, options.timezone)
        return Moment(clock.stamp(wall_s), today, options.timezone, options.notice_announce_delay_s)

    def viewer(self) -> Viewer:
        """The caller, in the college that the request is held to. Raises Problem 400."""
        return Viewer(self.caller.user_id, self.caller.is_admin, self.college())

    def publisher(self) -> Viewer:
        """The same, of a caller who may write at all. Raises Problem 400, 403."""
        if self.caller.user_type not in PUBLISHERS:
            raise Problem(403, problem.FORBIDDEN)
        return self.viewer()

    def names_all_colleges(self) -> bool:
        """Whether a global role has asked for all colleges in so many words."""
        headers = self.request.headers
        given = headers.get("X-College-ID", headers.get("X-Tenant-ID", ""))
        return self.caller.is_global and given.strip().lower() == "all"


def path_id(text: str) -> int:
    """An id from a path. Raises Problem 404 for a number that no id can be."""
    number = int(text[:17])
    if not 1 <= number <= MOST_INTEGER:
        raise Problem(404, "Not found.")
    return number
