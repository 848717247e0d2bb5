"""`communication/notice-visibility/`: for whom a notice is, a row each. Who may change a notice changes its rows."""

from __future__ import annotations

import msgspec

from data import notice_visibility
from data.notice_rows import TargetType
from data.notice_visibility import Visibility
from realtime.api import pages
from realtime.api.body import Id
from realtime.api.publishing import PUBLISHERS
from realtime.api.resource import Resource, handlers


class VisibilityGiven(msgspec.Struct, kw_only=True):
    """A POST or a PUT. A class needs class_obj, a section needs section; what else is given is left out."""

    notice: Id
    target_type: TargetType
    class_obj: Id | None = None
    section: Id | None = None


class VisibilityQuery(pages.ActiveQuery):
    """Filters of the rows."""

    notice: Id | None = None
    target_type: TargetType | None = None
    class_obj: Id | None = None
    section: Id | None = None


NoticeVisibilitiesHandler, NoticeVisibilityHandler = handlers(
    Resource(
        name="notice-visibility",
        item=Visibility,
        whole=VisibilityGiven,
        query=VisibilityQuery,
        writers=PUBLISHERS,
        page=notice_visibility.page,
        one=notice_visibility.one,
        create=notice_visibility.create,
        update=notice_visibility.update,
        delete=notice_visibility.delete,
    )
)
