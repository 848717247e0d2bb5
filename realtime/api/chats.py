"""`communication/chats/`: messages and conversations. Every 4xx of this section is `{"error": "..."}`, but for the few
that the conventions name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, UnsetType

from data import conversations, messages
from data.conversations import Conversation, History, Other
from data.message_rows import Message
from realtime.api import body, pages
from realtime.api.base import Handler
from realtime.api.body import MOST_INTEGER, Id
from realtime.api.keeping import kept
from realtime.api.operation import operation
from realtime.api.problem import Problem

MOST_CHARACTERS = 10_000
MOST_CLIENT_ID = 64
MOST_HISTORY = 200


class Sending(msgspec.Struct):
    """A message to send. `receiver` is another name of `receiver_id`; either is a number or its digits."""

    receiver_id: Id | str | UnsetType = UNSET
    receiver: Id | str | UnsetType = UNSET
    message: str | UnsetType = UNSET
    attachment: str | UnsetType | None = UNSET
    client_msg_id: Annotated[str, msgspec.Meta(max_length=MOST_CLIENT_ID)] | UnsetType | None = UNSET


class Changing(msgspec.Struct):
    """What may be changed of a message: by its sender the text, by its receiver that it is read."""

    message: str | UnsetType = UNSET
    is_read: bool | UnsetType = UNSET


class OwnQuery(pages.ActiveQuery):
    """Filters of one's own messages."""

    sender: Id | None = None
    receiver: Id | None = None
    is_read: bool | None = None


class HistoryQuery(msgspec.Struct):
    """A piece of a conversation. More than MOST_HISTORY messages are cut to that."""

    limit: Id = 50
    offset: Annotated[int, msgspec.Meta(ge=0, le=MOST_INTEGER)] = 0
    before_id: Id | None = None


class ChatHandler(Handler):
    """The shape of the section's failures, and the values that several of its calls take."""

    error_statuses = frozenset(range(400, 500)) - {401, 403, 405, 413, 429}

    def given(self) -> Mapping[str, Any]:
        """The body as it is; each call says what it takes of it."""
        value = self.content()
        if body.has_nul(value):
            raise Problem(400, "Null characters are not allowed")
        return value

    def with_presence(self, other: Other) -> Other:
        """The other user of a conversation, and whether that one is online now."""
        return {**other, "is_online": self.campus.presence.is_online(other["id"])}


def to_id(value: object, name: str) -> int:
    """An id from a body: a number or its digits. Raises Problem 400."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 16:
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= MOST_INTEGER:
        raise Problem(400, f"{name} must be an integer")
    return value


def receiver_of(given: Mapping[str, Any]) -> int:
    """`receiver_id`, or its alias `receiver`; both only when they agree. Raises Problem 400."""
    found = {
        to_id(given[name], "receiver_id") for name in ("receiver_id", "receiver") if given.get(name) not in (None, "")
    }
    if not found:
        raise Problem(400, "receiver_id is required")
    if len(found) > 1:
        raise Problem(400, "receiver_id and receiver are different")
    return found.pop()


def text_of(given: Mapping[str, Any]) -> str:
    """`message`: a text; one of white space alone is empty. Raises Problem 400."""
    text = given.get("message")
    if text is not None and not isinstance(text, str):
        raise Problem(400, "message must be a string")
    if not text or not text.strip():
        return ""
    if len(text) > MOST_CHARACTERS:
        raise Problem(400, f"message is longer than {MOST_CHARACTERS} characters")
    return text


class MessagesHandler(ChatHandler):
    """`POST chats/` sends; `GET chats/` lists one's own messages."""

    @operation({201: Message, 200: Message}, body=Sending, files=("attachment",), refusals={404, 409})
    async def post(self) -> None:
        """Send a message: 201, or 200 with the first one for a client_msg_id that was used."""
        given = self.given()
        receiver_id = receiver_of(given)
        text = text_of(given)
        attachment = await self.file("attachment")
        if attachment is None and given.get("attachment") not in (None, ""):
            raise Problem(400, "attachment must be a file of a multipart form")
        if not text and attachment is None:
            raise Problem(400, "message or attachment is required")
        sender_id = self.caller.user_id
        if receiver_id == sender_id:
            raise Problem(400, "You cannot send a message to yourself")
        client_msg_id = self._client_msg_id(given)
        self.campus.limits.messages.count(f"user {sender_id}")
        async with kept(self.campus, attachment) as file:
            message, is_new = await self.campus.database.write(
                messages.send, sender_id, receiver_id, text, client_msg_id, self.now, file
            )
        self.answer(message, 201 if is_new else 200)

    @operation({200: pages.Page[Message]}, query=OwnQuery)
    async def get(self) -> None:
        """A page of one's own messages, newest first."""
        asked = self.params(OwnQuery).asked()
        count, results = await self.snapshot(messages.page, self.caller.user_id, asked)
        self.answer_page(asked, count, results)

    def _client_msg_id(self, given: Mapping[str, Any]) -> str | None:
        value = given.get("client_msg_id")
        if value is None:
            value = self.request.headers.get("Idempotency-Key")
        if value is None or value == "":
            return None
        if not isinstance(value, str) or len(value) > MOST_CLIENT_ID:
            raise Problem(400, f"client_msg_id must be a string of at most {MOST_CLIENT_ID} characters")
        return value


class MessageHandler(ChatHandler):
    """`chats/{id}/`: one message of one's own."""

    @operation({200: Message})
    async def get(self, message_id: str) -> None:
        """The message."""
        self.answer(await self.snapshot(messages.one, self.caller.user_id, _path_id(message_id)))

    @operation({200: Message}, body=Changing, refusals={403})
    async def patch(self, message_id: str) -> None:
        """The sender changes the text; the receiver's is_read is mark-read. What isn't theirs to set is ignored."""
        await self._change(_path_id(message_id), self.given())

    @operation({200: Message}, body=Changing, refusals={403})
    async def put(self, message_id: str) -> None:
        """As PATCH: clients send the whole object back."""
        await self._change(_path_id(message_id), self.given())

    @operation({204: None}, refusals={403})
    async def delete(self, message_id: str) -> None:
        """The sender takes the message back."""
        await self.campus.database.write(messages.delete, self.caller.user_id, _path_id(message_id), self.now)
        self.answer_nothing()

    async def _change(self, message_id: int, given: Mapping[str, Any]) -> None:
        is_read = given.get("is_read")
        if is_read is not None and not isinstance(is_read, bool) and is_read not in ("true", "false"):
            raise Problem(400, "is_read must be a boolean")
        text = text_of(given) if "message" in given else None
        marks_read = is_read is True or is_read == "true"
        message = await self.campus.database.write(
            messages.change, self.caller.user_id, message_id, text, marks_read, self.now
        )
        self.answer(message)


class ConversationsHandler(ChatHandler):
    """`GET chats/conversations/`: a bare array, the latest first."""

    @operation({200: list[Conversation]})
    async def get(self) -> None:
        """The caller's conversations."""
        found = await self.snapshot(conversations.listed, self.caller.user_id)
        self.answer([{**item, "other_user": self.with_presence(item["other_user"])} for item in found])


class ConversationHandler(ChatHandler):
    """`GET chats/conversation/{user_id}/`: the messages with one user, newest first."""

    @operation({200: History}, query=HistoryQuery)
    async def get(self, user_id: str) -> None:
        """A piece of the conversation."""
        wanted = self.params(HistoryQuery)
        found = await self.snapshot(
            conversations.with_user,
            self.caller.user_id,
            _path_id(user_id, "User"),
            min(wanted.limit, MOST_HISTORY),
            wanted.offset,
            wanted.before_id,
        )
        self.answer({**found, "other_user": self.with_presence(found["other_user"])})


def _path_id(text: str, noun: str = "Message") -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 16 and 1 <= int(text) <= MOST_INTEGER):
        raise Problem(404, f"{noun} not found")
    return int(text)
