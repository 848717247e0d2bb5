"""`communication/notifications/`: what the caller was notified of. Nobody writes here; one marks one's own as read."""

from __future__ import annotations

from typing import Annotated, Literal, TypedDict

import msgspec

from data import notifications
from data.notifications import Notification
from realtime.api import pages
from realtime.api.base import Handler
from realtime.api.body import Id, path_id
from realtime.api.operation import operation
from realtime.api.pages import Page
from realtime.api.problem import Problem

MOST_IDS = 500


class NotificationsQuery(pages.PageQuery):
    """Filters of the notifications."""

    notification_type: Literal["notice", "event", "announcement"] | None = None
    is_read: bool | None = None


class ReadGiven(msgspec.Struct):
    """One of both."""

    ids: Annotated[list[Id], msgspec.Meta(max_length=MOST_IDS)] | None = None
    all: bool = False


class Marked(TypedDict):
    """How many were unread before."""

    success: bool
    marked_count: int


class Unread(TypedDict):
    """How many are unread."""

    unread_count: int


class NotificationsHandler(Handler):
    """`notifications/`."""

    @operation({200: Page[Notification]}, query=NotificationsQuery)
    async def get(self) -> None:
        """A page of what the caller was notified of, the newest first."""
        asked = self.params(NotificationsQuery).asked()
        count, results = await self.snapshot(notifications.page, self.asker(), asked)
        self.answer_page(asked, count, results)


class NotificationHandler(Handler):
    """`notifications/{id}/`."""

    @operation({200: Notification})
    async def get(self, notification_id: str) -> None:
        """One notification."""
        self.answer(await self.snapshot(notifications.one, self.asker(), path_id(notification_id)))


class NotificationsReadHandler(Handler):
    """`notifications/mark-read/`."""

    @operation({200: Marked}, body=ReadGiven)
    async def post(self) -> None:
        """Mark some as read, or all that there are now."""
        given = self.decode(ReadGiven)
        if (given.ids is None) is not given.all:
            raise Problem(400, {"non_field_errors": ["Provide ids or all."]})
        count = await self.campus.database.write(notifications.mark_read, self.asker(), given.ids)
        self.answer(Marked(success=True, marked_count=count))


class NotificationsUnreadHandler(Handler):
    """`notifications/unread-count/`."""

    @operation({200: Unread})
    async def get(self) -> None:
        """How many of the caller's notifications are unread."""
        count = await self.snapshot(notifications.unread_count, self.asker())
        self.answer(Unread(unread_count=count))
