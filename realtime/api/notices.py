"""`communication/notices/`: what the campus puts on its board. Every caller reads; publishers write."""

from __future__ import annotations

import re
from datetime import date
from typing import Any
from urllib.parse import urlsplit

import msgspec
from msgspec import UNSET, UnsetType
from tornado import httputil

from data import notices, texts
from data.notice_rows import Notice
from realtime.api import pages
from realtime.api.body import Id
from realtime.api.operation import operation
from realtime.api.problem import Problem
from realtime.api.publishing import PUBLISHERS, PublishingHandler, path_id

MOST_CHARACTERS = {"title": 300, "content": 100_000, "attachment": 2_000}

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_FIRST_DAY = "1900-01-01"


class Visibility(msgspec.Struct):
    """For whom a notice is; what else a client sends with it is ignored."""

    target_type: str | None = None


class NoticeChange(msgspec.Struct):
    """A PATCH. What it lacks stays as it is; the read-only fields that clients send back are ignored."""

    title: str | UnsetType = UNSET
    content: str | UnsetType = UNSET
    publish_date: str | UnsetType = UNSET
    expiry_date: str | UnsetType | None = UNSET
    attachment: str | UnsetType | None = UNSET
    is_urgent: bool | UnsetType = UNSET
    is_published: bool | UnsetType = UNSET
    visibility: list[Visibility] | None = None


class NoticeWhole(NoticeChange, kw_only=True):
    """A POST or a PUT. `college` is for global roles, in a POST."""

    title: str
    content: str
    publish_date: str
    college: Id | None = None


class NoticesQuery(pages.ActiveQuery):
    """Filters of the notices."""

    publish_date: date | None = None
    is_published: bool | None = None
    is_urgent: bool | None = None


class _NoticeHandler(PublishingHandler):
    def given(self, kind: type[NoticeChange]) -> tuple[NoticeChange, dict[str, Any]]:
        """The body, and those of its fields that a notice stores, checked. Raises Problem 400."""
        self._refuse_files()
        change = self.decode(kind)
        fields = {name: value for name in notices.FIELDS if (value := getattr(change, name)) is not UNSET}
        for name in ("expiry_date", "attachment"):
            if fields.get(name) == "":  # how a form says null
                fields[name] = None
        problems = {name: [message] for name, value in fields.items() if (message := _problem(name, value))}
        if any(target.target_type != "all" for target in change.visibility or ()):
            problems["visibility"] = ["Notices for a part of a college are not supported yet."]
        if problems:
            raise Problem(400, problems)
        return change, fields

    def _refuse_files(self) -> None:
        if not self.content_type.startswith("multipart/form-data"):
            return
        files: dict[str, list[httputil.HTTPFile]] = {}
        try:
            httputil.parse_body_arguments(self.content_type, self.body, {}, files)
        except httputil.HTTPInputError:
            return  # decoding says so
        if files:
            raise Problem(400, {name: ["Files are not supported here yet; give an address."] for name in files})


class NoticesHandler(_NoticeHandler):
    """`notices/`."""

    @operation({200: pages.Page[Notice]}, query=NoticesQuery)
    async def get(self) -> None:
        """A page of the notices that the caller may see."""
        wanted = self.params(NoticesQuery)
        asked = wanted.asked()
        filters = notices.Filters(
            is_active=wanted.is_active,
            publish_date=wanted.publish_date.isoformat() if wanted.publish_date else None,
            is_published=wanted.is_published,
            is_urgent=wanted.is_urgent,
            search=asked.search,
        )
        count, results = await self.snapshot(
            notices.page, self.viewer(), filters, asked.ordering, self.today, asked.limit, asked.offset
        )
        self.answer_page(asked, count, results)

    @operation({201: Notice}, body=NoticeWhole, roles=PUBLISHERS)
    async def post(self) -> None:
        """Make a notice: 201."""
        publisher = self.publisher()
        notice, fields = self.given(NoticeWhole)
        assert isinstance(notice, NoticeWhole)
        college_id = self._college(publisher, notice.college)
        self.answer(
            await self.campus.database.write(notices.create, publisher.user_id, college_id, fields, self.moment), 201
        )

    def _college(self, publisher: notices.Viewer, given: int | None) -> int | None:
        """The new notice's college, None for the only one that there is. Others than global roles don't choose."""
        if not self.caller.is_global:
            return self.caller.college_id
        if given is not None and publisher.college_id not in (None, given):
            raise Problem(400, {"college": ["X-College-ID names another college."]})
        return publisher.college_id or given or self.caller.college_id


class NoticeHandler(_NoticeHandler):
    """`notices/{id}/`."""

    @operation({200: Notice})
    async def get(self, notice_id: str) -> None:
        """One notice."""
        self.answer(await self.snapshot(notices.one, self.viewer(), path_id(notice_id), self.today))

    @operation({200: Notice}, body=NoticeWhole, roles=PUBLISHERS)
    async def put(self, notice_id: str) -> None:
        """The whole notice, as it was fetched and changed."""
        await self._change(notice_id, NoticeWhole)

    @operation({200: Notice}, body=NoticeChange, roles=PUBLISHERS)
    async def patch(self, notice_id: str) -> None:
        """Some fields of it."""
        await self._change(notice_id, NoticeChange)

    @operation({204: None}, roles=PUBLISHERS)
    async def delete(self, notice_id: str) -> None:
        """Take it away: 204."""
        await self.campus.database.write(notices.delete, self.publisher(), path_id(notice_id), self.moment)
        self.answer_nothing()

    async def _change(self, notice_id: str, kind: type[NoticeChange]) -> None:
        publisher = self.publisher()
        number = path_id(notice_id)
        _, fields = self.given(kind)
        self.answer(await self.campus.database.write(notices.update, publisher, number, fields, self.moment))


def _problem(name: str, value: Any) -> str | None:
    """Why a field can't be this, a sentence; None if it can."""
    if name in MOST_CHARACTERS and value is not None:
        if not value.strip():
            return "This field may not be blank."
        problem = texts.problem(value, MOST_CHARACTERS[name])
        return problem or (_attachment_problem(value) if name == "attachment" else None)
    if name in ("publish_date", "expiry_date") and value is not None:
        return _day_problem(value)
    return None


def _day_problem(text: str) -> str | None:
    try:
        if not _DAY.fullmatch(text):
            raise ValueError
        date.fromisoformat(text)
    except ValueError:
        return "Date has wrong format. Use one of these formats instead: YYYY-MM-DD."
    return None if text >= _FIRST_DAY else f"Ensure this date is not before {_FIRST_DAY}."


def _attachment_problem(text: str) -> str | None:
    try:
        parts = urlsplit(text)
        # `//host/` would be another site, and a script's address runs in whoever clicks it.
        good = (parts.scheme in ("http", "https") and parts.hostname) or (text[0] == "/" and not parts.netloc)
    except ValueError:
        good = False
    if not good or any(character.isspace() or not character.isprintable() for character in text):
        return 'Enter an address that begins with "http://", "https://" or "/".'
    return None
