"""A front end's lists: fetched once, then kept right by events alone, as the protocol lets a client do it.

Where an event tells only that something is there (a notification of a notice, a message of somebody unknown), the model
fetches that one thing, as a front end would; it never fetches a list again. What the events cannot tell is left out of
`shown`: is_online and last_seen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import httpx

CHATS = "communication/chats/"
SUMMARY = 100

Row = dict[str, Any]
Rows = dict[int, Row]
Data = Mapping[str, Any]


class Kept:
    """A list that is kept. `position` is the log's position in the read that it comes from: X-Last-Event-ID."""

    path = ""
    id = "id"

    def __init__(self, client: httpx.Client, me: int) -> None:
        self.client = client
        self.me = me
        answer = self.get(self.path, page_size="100")
        self.position = int(answer.headers["X-Last-Event-ID"])
        self.rows: Rows = {row[self.id]: row for row in self.rows_of(answer.json())}

    def rows_of(self, body: Any) -> list[Row]:
        """The rows of an answer, and of the pages after it."""
        found: list[Row] = body["results"]
        while body["next"]:
            body = self.get(body["next"]).json()
            found += body["results"]
        return found

    def get(self, path: str, **query: str) -> httpx.Response:
        """What the list's user is answered."""
        answer = self.client.get(path, params=query or None)  # httpx takes the query off a URL for an empty one
        assert answer.status_code in (200, 404), answer.text
        return answer

    def fetch(self, path: str, row_id: int) -> None:
        """Take in one row as it is now, or that it is not there."""
        answer = self.get(f"{path}{row_id}/")
        self.rows.pop(row_id, None)
        if answer.status_code == 200:
            self.rows[row_id] = answer.json()

    def hear(self, event_id: int, event: str, data: Data) -> None:
        """Take in an event, unless the list is newer."""
        if event_id > self.position:
            apply: Callable[[Data], None] | None = getattr(self, f"on_{event}", None)
            if apply is not None:
                apply(data)

    def shown(self) -> list[Row]:
        """The rows in order, as far as events tell of them."""
        return sorted(self.rows.values(), key=self.order, reverse=True)

    def order(self, row: Row) -> Any:
        """What the list is sorted by, backwards."""
        return row[self.id]


class Messages(Kept):
    """One's newest messages, to and from everybody."""

    path = CHATS
    fields = ("id", "sender", "receiver", "conversation", "message", "attachment", "attachment_type", "is_read",
              "read_at", "delivered_at", "timestamp", "updated_at", "client_msg_id")  # fmt: skip

    def on_message(self, data: Data) -> None:
        missing = {"conversation": data["conversation_id"], "updated_at": data["timestamp"]}
        self.rows[data["id"]] = {"read_at": None, "delivered_at": None, **missing, **data}

    on_message_sent = on_message

    def on_message_updated(self, data: Data) -> None:
        if data["id"] in self.rows:
            self.rows[data["id"]] |= data

    def on_message_deleted(self, data: Data) -> None:
        self.rows.pop(data["id"], None)

    def on_delivered(self, data: Data) -> None:
        self._receipt(data, delivered_at=data["delivered_at"])

    def on_read_receipt(self, data: Data) -> None:
        self._receipt(data, is_read=True, read_at=data["read_at"])
        row = self.rows.get(data["message_id"])
        if row is not None and row["delivered_at"] is None:
            row["delivered_at"] = data["read_at"]  # reading implies it

    def on_conversation_read(self, data: Data) -> None:
        for message_id in data["message_ids"]:
            self._receipt({"message_id": message_id}, is_read=True)

    def shown(self) -> list[Row]:
        rows = [{name: row[name] for name in self.fields} for row in super().shown()]
        for row in rows:
            if row["receiver"] == self.me:  # when one read it oneself, in another tab, no event tells
                del row["read_at"], row["delivered_at"]
        return rows

    def _receipt(self, data: Data, **fields: Any) -> None:
        if data["message_id"] in self.rows:
            self.rows[data["message_id"]] |= fields


class Conversations(Kept):
    """The conversations, with their last messages. `message_deleted` does not say whose the message is that is the last
    one now: the history that a front end holds does."""

    path = CHATS + "conversations/"
    id = "conversation_id"

    def __init__(self, client: httpx.Client, me: int) -> None:
        super().__init__(client, me)
        self.history = Messages(client, me)

    def rows_of(self, body: Any) -> list[Row]:
        return list(body)

    def hear(self, event_id: int, event: str, data: Data) -> None:
        self.history.hear(event_id, event, data)
        super().hear(event_id, event, data)

    def on_message(self, data: Data) -> None:
        self._last(data)["unread_count"] += 1

    def on_message_sent(self, data: Data) -> None:
        self._last(data)

    def on_message_updated(self, data: Data) -> None:
        row = self.rows.get(data["conversation_id"])
        if row is not None and row["last_message_at"] == data["timestamp"]:
            row["last_message"] = _summary(data)

    def on_message_deleted(self, data: Data) -> None:
        row = self.rows.get(data["conversation_id"])
        if row is None:
            return
        if data["last_message_at"] is None:
            del self.rows[data["conversation_id"]]
            return
        senders = [
            one["sender"]
            for one in self.history.rows.values()
            if (one["conversation"], one["timestamp"]) == (data["conversation_id"], data["last_message_at"])
        ]
        row |= {"last_message": data["last_message"], "last_message_at": data["last_message_at"]}
        row["last_message_by_me"] = senders == [self.me]
        row["unread_count"] = data.get("unread_count", row["unread_count"])

    def on_conversation_read(self, data: Data) -> None:
        if data["conversation_id"] in self.rows:
            self.rows[data["conversation_id"]]["unread_count"] = data["unread_count"]

    def on_user_updated(self, data: Data) -> None:
        for row in self.rows.values():
            if row["other_user"]["id"] == data["id"]:
                row["other_user"] |= data

    def order(self, row: Row) -> Any:
        return row["last_message_at"]

    def shown(self) -> list[Row]:
        unshown = {"is_online", "last_seen"}
        return [
            {**row, "other_user": {name: row["other_user"][name] for name in set(row["other_user"]) - unshown}}
            for row in super().shown()
        ]

    def _last(self, data: Data) -> Row:
        """The conversation of a new message, which is its last one. Who somebody new is has to be asked for."""
        other = data["sender"] + data["receiver"] - self.me
        if data["conversation_id"] not in self.rows:
            person = self.get(f"{CHATS}conversation/{other}/", limit="1").json()["other_user"]
            self.rows[data["conversation_id"]] = {
                "conversation_id": data["conversation_id"], "other_user": person, "unread_count": 0,
            }  # fmt: skip
        row = self.rows[data["conversation_id"]]
        row |= {"last_message": _summary(data), "last_message_at": data["timestamp"], "updated_at": data["timestamp"]}
        row["last_message_by_me"] = data["sender"] == self.me
        return row


class Unread(Kept):
    """The unread counts."""

    path = CHATS + "unread-count/"
    id = "conversation_id"

    def rows_of(self, body: Any) -> list[Row]:
        assert body["total_unread"] == sum(row["unread_count"] for row in body["conversations"])
        return list(body["conversations"])

    def on_message(self, data: Data) -> None:
        new = {"unread_count": 0, "other_user_id": data["sender_id"], "other_user_name": data["sender_name"]}
        row = self.rows.setdefault(data["conversation_id"], {"conversation_id": data["conversation_id"], **new})
        row["unread_count"] += 1

    def on_conversation_read(self, data: Data) -> None:
        if data["conversation_id"] in self.rows and "unread_count" in data:
            self.rows[data["conversation_id"]]["unread_count"] = data["unread_count"]
            assert data["total_unread"] == sum(row["unread_count"] for row in self.rows.values())

    on_message_deleted = on_conversation_read

    def on_user_updated(self, data: Data) -> None:
        for row in self.rows.values():
            if row["other_user_id"] == data["id"]:
                row["other_user_name"] = data["full_name"]

    def shown(self) -> list[Row]:
        return [row for row in super().shown() if row["unread_count"]]


class OfColleges(Kept):
    """A list of what belongs to a college and shows its name."""

    def on_college_updated(self, data: Data) -> None:
        for row in self.rows.values():
            if row["college"] == data["id"]:
                row["college_name"] = data["name"]


class Notices(OfColleges):
    """The notices. A notification says that there is a new one, and not what it says."""

    path = "communication/notices/"

    def on_notification(self, data: Data) -> None:
        if data["notification_type"] == "notice":
            self.fetch(self.path, data["data"]["notice_id"])

    def on_notice_updated(self, data: Data) -> None:
        self.rows[data["id"]] = dict(data)

    def on_notice_removed(self, data: Data) -> None:
        self.rows.pop(data["id"], None)

    def order(self, row: Row) -> Any:
        return row["publish_date"], row["id"]


class CampusEvents(OfColleges):
    """The events of the campus."""

    path = "communication/events/"

    def on_event_updated(self, data: Data) -> None:
        self.rows[data["id"]] = dict(data)

    def on_event_removed(self, data: Data) -> None:
        self.rows.pop(data["id"], None)

    def order(self, row: Row) -> Any:
        return row["event_date"], row["id"]


class Notifications(Kept):
    """What one was notified of. A change of what it is about changes it as well."""

    path = "communication/notifications/"

    def on_notification(self, data: Data) -> None:
        self.fetch(self.path, data["id"])

    def on_notice_updated(self, data: Data) -> None:
        self._about("notice_id", data)

    def on_event_updated(self, data: Data) -> None:
        self._about("event_id", data)

    on_notice_removed = on_notice_updated
    on_event_removed = on_event_updated

    def on_notifications_removed(self, data: Data) -> None:
        for number in data["ids"]:
            self.rows.pop(number, None)

    def on_notifications_read(self, data: Data) -> None:
        for number in list(self.rows) if data["ids"] is None else data["ids"]:
            if number in self.rows:
                self.rows[number]["is_read"] = True

    def _about(self, name: str, data: Data) -> None:
        for row in list(self.rows.values()):
            if row["data"].get(name) == data["id"]:
                self.fetch(self.path, row["id"])


# A list that shall be kept right by events is a line here.
LISTS: tuple[type[Kept], ...] = (Messages, Conversations, Unread, Notices, CampusEvents, Notifications)


def _summary(data: Data) -> str:
    return data["message"][:SUMMARY] if data["message"] or not data["attachment"] else "[Attachment]"
