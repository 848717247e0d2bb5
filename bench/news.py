"""News: what is published to a crowd: notices, events with registrations, announcements, and their notifications."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from bench.rows import NOW, Rows, college_of

TODAY = date(2026, 1, 9)
NEVER = "2099-01-01"


class News:
    """Writes it all."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def write(self) -> None:
        """All of it."""
        self._notices()
        self._events()
        self._announcements()

    def _notices(self) -> None:
        rows, shown, found = [], [], []
        for number in range(1, self._rows.size.notices + 1):
            title, college = self._rows.words(4), college_of(number)
            at = 1 + number % self._rows.size.classes
            key = f"class:{at}" if number % 3 == 0 and college_of(at) == college else ""
            day = (TODAY - timedelta(days=number % 700 - 10)).isoformat()
            by = 2 if college == 1 else self._rows.size.users
            rows.append({
                "id": number, "college_id": college, "title": title, "content": self._rows.words(30),
                "publish_date": day, "is_published": number % 10 != 0, "is_urgent": number % 10 == 5, "audience": key,
                "expiry_date": NEVER if number % 4 == 0 else None, "announced_at": NOW, "is_shown": number % 10 != 0,
                **self._rows.made(number, by),
            })  # fmt: skip
            found.append((number, f"{title}\n{rows[-1]['content']}"))
            if key:
                shown.append({
                    "notice_id": number, "college_id": college, "target_type": "class", "class_id": at, "key": key,
                    **self._rows.made(number, by),
                })  # fmt: skip
        self._rows.many("notices", rows)
        self._rows.many("notice_visibility", shown)
        self._rows.index("notices_search", found)
        published = [row for row in rows if row["is_published"]]
        self._notifications("notice", ((row, row["audience"] or f"college:{row['college_id']}") for row in published))

    def _notifications(self, kind: str, about: Iterable[tuple[dict[str, Any], str]]) -> None:
        for row, key in about:
            event_id = self._rows.tx.insert(
                "INSERT INTO event_log (event, data, audience, created_at) VALUES ('notification', '{}', '', ?)", (NOW,)
            )
            self._rows.tx.execute("DELETE FROM event_log WHERE id = ?", (event_id,))  # the position stays
            made = {
                "id": event_id, "event_id": event_id, "college_id": row["college_id"], "notification_type": kind,
                "title": row["title"], "message": row["title"], "data": json.dumps({f"{kind}_id": row["id"]}),
                "subject": f"{kind}:{row['id']}", "created_at": row["created_at"], "updated_at": NOW,
                "created_by": row["created_by"], "updated_by": row["created_by"],
            }  # fmt: skip
            self._rows.many("notifications", [made])
            held = {"key": key, "event_id": event_id, "notification_id": event_id}
            self._rows.many("notification_audience", [held])
            self._rows.index("notifications_search", [(event_id, f"{row['title']}\n{row['title']}")])

    def _events(self) -> None:
        rows = [
            {
                "id": number, "college_id": college_of(number), "title": self._rows.words(3),
                "description": self._rows.words(20),
                "event_date": (TODAY + timedelta(days=number % 400 - 300)).isoformat(),
                "start_time": "10:00:00", "end_time": "12:00:00", "organizer": self._rows.words(1),
                "registration_required": number % 2, **self._rows.made(number, 2),
            }
            for number in range(1, self._rows.size.events + 1)
        ]  # fmt: skip
        self._rows.many("events", rows)
        self._rows.index(
            "events_search", ((row["id"], f"{row['title']}\n{row['description']}\n{row['organizer']}") for row in rows)
        )
        taken = (
            {
                "event_id": row["id"], "college_id": row["college_id"],
                "user_id": 1 + (row["id"] * 7 + step * 13) % self._rows.size.users,
                "registration_date": row["event_date"], "status": "registered", **self._rows.made(row["id"], 2),
            }
            for row in rows
            for step in range(4)
        )  # fmt: skip
        self._rows.many("event_registrations", taken)
        self._notifications("event", ((row, f"college:{row['college_id']}") for row in rows))

    def _announcements(self) -> None:
        rows = [
            {
                "id": number, "college_id": 1, "title": self._rows.words(3), "message": self._rows.words(10),
                "audience": "{}", "data": "{}", "reached": 1, "online": 0, **self._rows.made(number, 2),
            }
            for number in range(1, self._rows.size.notices // 5 + 1)
        ]  # fmt: skip
        self._rows.many("announcements", rows)
        self._rows.many("announcement_audience", ({"key": "college:1", "announcement_id": row["id"]} for row in rows))
