"""`communication/chats/`: what is told beside messages: read, delivered, typing, and the counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, TypedDict

import msgspec
from msgspec import UNSET, UnsetType

from data import colleges, conversations, receipts
from data.conversations import Unread
from data.receipts import MOST_AT_ONCE
from data.transaction import Transaction
from realtime import frame
from realtime.api.body import Id
from realtime.api.chats import ChatHandler, receiver_of, to_id
from realtime.api.operation import operation
from realtime.api.problem import Problem
from realtime.hub import user_key


class Which(msgspec.Struct):
    """Messages, checked in this order."""

    message_ids: Annotated[list[Id], msgspec.Meta(max_length=MOST_AT_ONCE)] | UnsetType = UNSET
    conversation_id: Id | UnsetType = UNSET
    sender_id: Id | UnsetType = UNSET


class Delivered(msgspec.Struct):
    """Messages that a client has."""

    message_ids: Annotated[list[Id], msgspec.Meta(max_length=MOST_AT_ONCE)] | UnsetType = UNSET
    up_to_id: Id | UnsetType = UNSET


class Typing(msgspec.Struct):
    """To whom, and whether still."""

    receiver_id: Id | str | UnsetType = UNSET
    receiver: Id | str | UnsetType = UNSET
    is_typing: bool = True


class Success(TypedDict):
    """It was done."""

    success: bool


class Marked(Success):
    """How many messages it was news of."""

    marked_count: int


class MarkedRead(Marked):
    """And the time that they have now."""

    read_at: str


class UnreadCounts(TypedDict):
    """Unread messages."""

    total_unread: int
    conversations: list[Unread]


class OnlineUsers(TypedDict):
    """Ids."""

    online_users: list[int]


class MarkReadHandler(ChatHandler):
    """`POST chats/mark-read/`."""

    @operation({200: MarkedRead}, body=Which)
    async def post(self) -> None:
        """Mark one's own unread messages as read, by ids, by conversation or by sender, checked in that order."""
        given = self.given()
        if given.get("message_ids") is not None:
            which = receipts.Which(message_ids=_ids(given["message_ids"]))
        elif given.get("conversation_id") is not None:
            which = receipts.Which(conversation_id=to_id(given["conversation_id"], "conversation_id"))
        elif given.get("sender_id") is not None:
            which = receipts.Which(sender_id=to_id(given["sender_id"], "sender_id"))
        else:
            raise Problem(400, "Provide message_ids, conversation_id, or sender_id")
        now = self.now
        count = await _until_done(self, receipts.mark_read, which, now)
        self.answer({"success": True, "marked_count": count, "read_at": now})


class DeliveredHandler(ChatHandler):
    """`POST chats/delivered/`."""

    @operation({200: Marked}, body=Delivered)
    async def post(self) -> None:
        """The client says that it has these messages."""
        given = self.given()
        if given.get("message_ids") is not None:
            which = receipts.Which(message_ids=_ids(given["message_ids"]))
        elif given.get("up_to_id") is not None:
            which = receipts.Which(up_to_id=to_id(given["up_to_id"], "up_to_id"))
        else:
            raise Problem(400, "Provide message_ids or up_to_id")
        count = await _until_done(self, receipts.mark_delivered, which, self.now)
        self.answer({"success": True, "marked_count": count})


class TypingHandler(ChatHandler):
    """`POST chats/typing/`: told to the receiver and stored nowhere. `sent_at_s` remembers when, for the limit."""

    def initialize(self, sent_at_s: dict[tuple[int, int], float]) -> None:  # type: ignore[override]
        """Take the server's memory of who typed to whom."""
        super().initialize()
        self._sent_at_s = sent_at_s

    @operation({200: Success}, body=Typing, refusals={404})
    async def post(self) -> None:
        """Tell the receiver that the caller types, or has stopped."""
        given = self.given()
        receiver_id = receiver_of(given)
        is_typing = _boolean(given, "is_typing", True)
        sender_id = self.caller.user_id
        name, conversation_id = await self.campus.database.read(conversations.typist, sender_id, receiver_id)
        if receiver_id != sender_id and self._is_news(sender_id, receiver_id, is_typing):
            data = {"sender_id": sender_id, "sender_name": name, "is_typing": is_typing}
            data["conversation_id"] = conversation_id
            self.campus.hub.publish((user_key(receiver_id),), frame.encode("typing", data))
        self.answer({"success": True})

    def _is_news(self, sender_id: int, receiver_id: int, is_typing: bool) -> bool:
        """At most one `true` per interval, user and receiver: a key pressed is not a frame."""
        interval_s, now_s = self.campus.options.typing_interval_s, self.campus.mono_s()
        pair = (sender_id, receiver_id)
        if not is_typing:
            self._sent_at_s.pop(pair, None)
            return True
        last_s = self._sent_at_s.get(pair)
        if last_s is not None and now_s - last_s < interval_s:
            return False
        if len(self._sent_at_s) > 10_000:
            for stale in [key for key, at_s in self._sent_at_s.items() if now_s - at_s >= interval_s]:
                del self._sent_at_s[stale]
        self._sent_at_s[pair] = now_s
        return True


class UnreadCountHandler(ChatHandler):
    """`GET chats/unread-count/`."""

    @operation({200: UnreadCounts})
    async def get(self) -> None:
        """Unread messages, in all and by conversation."""
        found = await self.snapshot(conversations.unread, self.caller.user_id)
        self.answer({"total_unread": sum(item["unread_count"] for item in found), "conversations": found})


class OnlineUsersHandler(ChatHandler):
    """`GET chats/online-users/`."""

    @operation({200: OnlineUsers})
    async def get(self) -> None:
        """Who of the own college is online."""
        found = await self.snapshot(colleges.members, self.caller.college_id, self.campus.presence.online())
        self.answer({"online_users": found})


async def _until_done(
    handler: ChatHandler, mark: Callable[[Transaction, int, receipts.Which, str], int], which: receipts.Which, now: str
) -> int:
    """Mark in pieces, so that other writes come between."""
    total = 0
    while True:
        count = await handler.campus.database.write(mark, handler.caller.user_id, which, now)
        total += count
        if count < MOST_AT_ONCE or which.message_ids is not None:
            return total


def _ids(value: object) -> tuple[int, ...]:
    if not isinstance(value, list):
        raise Problem(400, "message_ids must be a list of integers")
    if len(value) > MOST_AT_ONCE:
        raise Problem(400, f"message_ids has more than {MOST_AT_ONCE} items")
    return tuple(to_id(item, "message_ids") for item in value)


def _boolean(given: Mapping[str, Any], name: str, default: bool) -> bool:
    value = given.get(name)
    if value is None:
        return default
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    if not isinstance(value, bool):
        raise Problem(400, f"{name} must be a boolean")
    return value
