"""`communication/notices/`: what the campus puts on its board. Every caller reads; publishers write."""

from __future__ import annotations

from datetime import date
from typing import Annotated, NotRequired, TypedDict

import msgspec
from msgspec import UNSET, UnsetType

from data import notice_rows, notices
from data.notice_rows import Notice, TargetType
from realtime.api import pages
from realtime.api.body import Id
from realtime.api.operation import operation
from realtime.api.problem import Problem
from realtime.api.publishing import PUBLISHERS, AudienceGiven, Counted, PublishingHandler, audience_problem, to_audience
from realtime.api.resource import Resource, handlers

# Only shown: the data's side checks texts, in words that people understand.
Title = Annotated[str, msgspec.Meta(extra_json_schema={"minLength": 1, "maxLength": notices.MOST_CHARACTERS["title"]})]
Content = Annotated[
    str, msgspec.Meta(extra_json_schema={"minLength": 1, "maxLength": notices.MOST_CHARACTERS["content"]})
]
Address = Annotated[str, msgspec.Meta(extra_json_schema={"maxLength": notices.MOST_CHARACTERS["attachment"]})]


class TargetGiven(TypedDict):
    """Whom a row names: a class needs class_obj, a section needs section."""

    target_type: TargetType
    class_obj: NotRequired[Id | None]
    section: NotRequired[Id | None]


class NoticeGiven(msgspec.Struct, kw_only=True):
    """A POST or a PUT. A PUT leaves what it lacks as it is; `college` is for global roles, in a POST."""

    title: Title
    content: Content
    publish_date: date
    expiry_date: date | UnsetType | None = UNSET
    attachment: Address | UnsetType | None = UNSET
    is_urgent: bool | UnsetType = UNSET
    is_published: bool | UnsetType = UNSET
    visibility: list[TargetGiven] | UnsetType | None = UNSET
    college: Id | None = None


class NoticesQuery(pages.ActiveQuery):
    """Filters of the notices."""

    publish_date: date | None = None
    is_published: bool | None = None
    is_urgent: bool | None = None


class PreviewGiven(msgspec.Struct):
    """For whom a notice would be, said in one of two ways; without any, for the college."""

    visibility: list[TargetGiven] | None = None
    audience: AudienceGiven | None = None
    college: Id | None = None


NoticesHandler, NoticeHandler = handlers(
    Resource(
        name="notices",
        item=Notice,
        whole=NoticeGiven,
        query=NoticesQuery,
        writers=PUBLISHERS,
        page=notice_rows.page,
        one=notice_rows.one,
        create=notices.create,
        update=notices.update,
        delete=notices.delete,
        file="attachment",
        is_published=True,
    )
)


class NoticesPreviewHandler(PublishingHandler):
    """`notices/preview/`."""

    @operation({200: Counted}, body=PreviewGiven, roles=PUBLISHERS)
    async def post(self) -> None:
        """How many people a notice would reach. Nothing is written."""
        given = self.decode(PreviewGiven)
        if given.visibility is not None and given.audience is not None:
            raise Problem(400, {"non_field_errors": ["Give visibility or audience, not both."]})
        problem = audience_problem(given.audience)
        if problem:
            raise Problem(400, {"audience": [problem]})
        audience = None if given.audience is None else to_audience(given.audience)
        values = {"visibility": given.visibility, "audience": audience, "college": given.college}
        self.answer_reach(await self.campus.database.read(notices.preview, self.asker(), values))
