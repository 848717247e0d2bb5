"""`communication/announcements/`: said at once to many. Publishers send them; their audience reads them again.

`reached` and `online` are of the moment in which it was sent.
"""

from __future__ import annotations

from typing import Any

import msgspec

from data import announcements, audiences, log, texts
from data.announcements import Announcement
from data.audiences import Audience
from realtime.api import pages
from realtime.api.body import Id
from realtime.api.operation import operation
from realtime.api.problem import Problem
from realtime.api.publishing import PUBLISHERS, PublishingHandler, path_id

MOST_CHARACTERS = {"title": 300, "message": 10_000}
MOST_DATA_BYTES = 16 * 1024
MOST_DATA_LEVELS = 64
MOST_USERS = 500


class AudienceGiven(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """For whom. A name that is none of these is refused: a misspelt one would reach others than were meant."""

    all: bool = False
    user_types: list[str] | None = None
    users: list[Id] | None = None
    classes: list[Any] | None = None
    sections: list[Any] | None = None


class AnnouncementGiven(msgspec.Struct):
    """A POST."""

    title: str
    message: str
    audience: AudienceGiven | None = None
    data: dict[str, Any] | None = None


class AnnouncementsHandler(PublishingHandler):
    """`announcements/`."""

    @operation({200: pages.Page[Announcement]}, query=pages.ActiveQuery)
    async def get(self) -> None:
        """A page of the announcements that the caller may see, the newest first."""
        wanted = self.params(pages.ActiveQuery)
        asked = wanted.asked()
        count, results = await self.snapshot(
            announcements.page, self.viewer(), wanted.is_active, asked.limit, asked.offset
        )
        self.answer_page(asked, count, results)

    @operation({201: Announcement}, body=AnnouncementGiven, roles=PUBLISHERS)
    async def post(self) -> None:
        """Send an announcement: 201, once it is stored and with every open stream of its audience."""
        self.publisher()
        college_id = self._college()
        given = self._given()
        wanted = given.audience or AudienceGiven(all=True)
        audience = Audience(wanted.all, wanted.user_types or (), wanted.users or ())
        campus, author_id = self.campus, self.caller.user_id
        reach = await campus.database.read(audiences.resolve, audience, college_id, author_id)
        online = len(campus.hub.users_listening(reach.keys))
        new = announcements.NewAnnouncement(
            author_id, college_id, given.title, given.message, msgspec.to_builtins(wanted), given.data or {}
        )
        self.answer(await campus.database.write(announcements.publish, new, reach, online, self.now), 201)

    def _college(self) -> int | None:
        """The college that it is for; None, all of them, only when a global role says so or is of no college."""
        chosen = self.college()
        if chosen is not None or self.names_all_colleges():
            return chosen
        return self.caller.college_id

    def _given(self) -> AnnouncementGiven:
        given = self.decode(AnnouncementGiven)
        problems = _problems(given)
        if problems:
            raise Problem(400, problems)
        return given


class AnnouncementHandler(PublishingHandler):
    """`announcements/{id}/`."""

    @operation({200: Announcement})
    async def get(self, announcement_id: str) -> None:
        """One announcement."""
        self.answer(await self.snapshot(announcements.one, self.viewer(), path_id(announcement_id)))


def _problems(given: AnnouncementGiven) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in (("title", given.title), ("message", given.message)):
        problem = texts.problem(value, MOST_CHARACTERS[name])
        if not value.strip():
            problem = "This field may not be blank."
        if problem:
            found[name] = [problem]
    wanted = given.audience or AudienceGiven()
    if wanted.classes or wanted.sections:
        found["audience"] = ["Classes and sections are not supported yet."]
    elif len(wanted.users or ()) > MOST_USERS:
        found["audience"] = [f"Name at most {MOST_USERS} users."]
    elif len(wanted.user_types or ()) > MOST_USERS:
        found["audience"] = [f"Name at most {MOST_USERS} user types."]
    if _is_deeper(given.data, MOST_DATA_LEVELS):
        found["data"] = [f"Ensure this is nested at most {MOST_DATA_LEVELS} levels deep."]
    elif len(log.dumps(given.data or {})) > MOST_DATA_BYTES:
        found["data"] = [f"Ensure this is at most {MOST_DATA_BYTES} bytes of ASCII JSON."]
    return found


def _is_deeper(value: object, levels: int) -> bool:
    """Whether a value is nested deeper than that: whoever reads it later may recurse."""
    level: list[object] = [value]
    for _ in range(levels + 1):
        nested = [one for one in level if isinstance(one, dict | list)]
        level = [inner for one in nested for inner in (one.values() if isinstance(one, dict) else one)]
    return bool(level)
