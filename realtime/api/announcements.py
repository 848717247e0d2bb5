"""`communication/announcements/`: said at once to many. Publishers send them; their audience reads them again.

`reached` and `online` are of the moment in which it was sent.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from data import announcements, audiences, log, texts
from data.announcements import Announcement
from realtime.api import pages
from realtime.api.body import path_id
from realtime.api.operation import operation
from realtime.api.problem import Problem
from realtime.api.publishing import PUBLISHERS, AudienceGiven, Counted, PublishingHandler, audience_problem, to_audience

MOST_CHARACTERS = {"title": 300, "message": 10_000}
MOST_DATA_BYTES = 16 * 1024
MOST_DATA_LEVELS = 64

# Only shown: texts are checked below, in words that people understand.
Title = Annotated[str, msgspec.Meta(extra_json_schema={"minLength": 1, "maxLength": MOST_CHARACTERS["title"]})]
Message = Annotated[str, msgspec.Meta(extra_json_schema={"minLength": 1, "maxLength": MOST_CHARACTERS["message"]})]


class AnnouncementGiven(msgspec.Struct):
    """A POST. Without an audience it is for everybody."""

    title: Title
    message: Message
    audience: AudienceGiven | None = None
    data: dict[str, Any] | None = None


class PreviewGiven(msgspec.Struct):
    """For whom an announcement would be."""

    audience: AudienceGiven | None = None


class _AnnouncementsHandler(PublishingHandler):
    def announced_college(self) -> int | None:
        """The college that one is for; None, all of them, only when a global role says so or is of no college."""
        chosen, headers = self.college(), self.request.headers
        named = headers.get("X-College-ID", headers.get("X-Tenant-ID", "")).strip().lower()
        says_all = self.caller.is_global and named == "all"
        return chosen if chosen is not None or says_all else self.caller.college_id

    async def reach(self, given: AudienceGiven | None) -> audiences.Reach:
        """Whom it reaches. Raises Problem 400 and Invalid."""
        audience, college_id = to_audience(given), self.announced_college()
        return await self.campus.database.read(audiences.resolve, audience, college_id, self.caller.user_id)


class AnnouncementsHandler(_AnnouncementsHandler):
    """`announcements/`."""

    @operation({200: pages.Page[Announcement]}, query=pages.ActiveQuery)
    async def get(self) -> None:
        """A page of the announcements that the caller may see, the newest first."""
        asked = self.params(pages.ActiveQuery).asked()
        count, results = await self.snapshot(announcements.page, self.asker(), asked)
        self.answer_page(asked, count, results)

    @operation({201: Announcement}, body=AnnouncementGiven, roles=PUBLISHERS)
    async def post(self) -> None:
        """Send an announcement: 201, once it is stored and on its way to every open stream of its audience."""
        given = self.decode(AnnouncementGiven)
        problems = _problems(given)
        if problems:
            raise Problem(400, problems)
        self.campus.limits.publications.count(f"user {self.caller.user_id}")
        reach = await self.reach(given.audience)
        new = announcements.NewAnnouncement(
            author_id=self.caller.user_id,
            college_id=self.announced_college(),
            title=given.title,
            message=given.message,
            audience=msgspec.to_builtins(given.audience or AudienceGiven(all=True)),
            data=given.data or {},
            address=self.address,
        )
        stored = await self.campus.database.write(announcements.publish, new, reach, self.online(reach), self.now)
        self.answer(stored, 201)


class AnnouncementHandler(PublishingHandler):
    """`announcements/{id}/`."""

    @operation({200: Announcement})
    async def get(self, announcement_id: str) -> None:
        """One announcement."""
        self.answer(await self.snapshot(announcements.one, self.asker(), path_id(announcement_id)))


class AnnouncementsPreviewHandler(_AnnouncementsHandler):
    """`announcements/preview/`."""

    @operation({200: Counted}, body=PreviewGiven, roles=PUBLISHERS)
    async def post(self) -> None:
        """How many people an announcement would reach. Nothing is written."""
        given = self.decode(PreviewGiven)
        problem = audience_problem(given.audience)
        if problem:
            raise Problem(400, {"audience": [problem]})
        self.answer_reach(await self.reach(given.audience))


def _problems(given: AnnouncementGiven) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in (("title", given.title), ("message", given.message)):
        problem = texts.problem(value, MOST_CHARACTERS[name])
        if not value.strip():
            problem = "This field may not be blank."
        if problem:
            found[name] = [problem]
    problem = audience_problem(given.audience)
    if problem:
        found["audience"] = [problem]
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
