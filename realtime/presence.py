"""Presence: who is online, told to those who share a conversation with them.

A user is online from the first open stream until a grace after the last one, so that a reload shows nothing. Presence
is never stored and carries no id (I6); who was away learns the state from `presence_snapshot`. A mass reconnect
would make N x N events: at most FRAMES_PER_TICK are sent a second, and of a user who waits only the last state.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from realtime import frame
from realtime.hub import Hub, user_key

FRAMES_PER_TICK = 5000
# Who left since the last tick left up to a second ago: the grace counts from there, so that it is never longer than it
# says. The clock's second is not exact to the microsecond.
TICK_S = 1.0
JITTER_S = 0.05


@dataclass(slots=True)
class _Person:
    """Someone who is online, or whose going has not been told yet."""

    full_name: str
    partners: set[int]
    is_online: bool = True
    told_online: bool = False
    left_s: float | None = None
    leaves_s: float | None = None


class Presence:
    """The online users and their partners. `date(wall_s)` writes a time as the interface shows it."""

    def __init__(self, hub: Hub, *, grace_s: float, date: Callable[[float], str]) -> None:
        self._hub = hub
        self._grace_s = grace_s
        self._date = date
        self._people: dict[int, _Person] = {}
        self._left: list[int] = []
        self._leaving: dict[int, None] = {}
        self._untold: dict[int, None] = {}
        self._room = FRAMES_PER_TICK
        self._ticked_s: float | None = None
        self._seen: dict[int, str] = {}
        hub.on_left = self._left.append

    def arrive(self, user_id: int, full_name: str, partners: Iterable[int]) -> None:
        """A stream of the user has opened. `partners` are all who share a conversation with the user."""
        person = self._people.get(user_id)
        if person is None:
            person = self._people[user_id] = _Person(full_name, set(partners))
        else:
            person.full_name, person.partners = full_name, set(partners)
        self._leaving.pop(user_id, None)
        self._seen.pop(user_id, None)
        person.is_online = True
        if not person.told_online:
            self._tell(user_id, person)

    def acquaint(self, user_ids: tuple[int, int]) -> None:
        """Two users have begun a conversation: from now on they see each other."""
        for user_id, other_id in (user_ids, user_ids[::-1]):
            self._hub.touch(user_id)  # an opening that read its partners before this reads them again
            person = self._people.get(user_id)
            if person is not None:
                person.partners.add(other_id)
                self._hub.publish((user_key(other_id),), self._frame(user_id, person))

    def is_online(self, user_id: int) -> bool:
        """Whether the user has a stream, or had one within the grace."""
        person = self._people.get(user_id)
        return person is not None and person.is_online

    def online(self) -> list[int]:
        """All who are online."""
        return [user_id for user_id, person in self._people.items() if person.is_online]

    def snapshot(self, user_id: int) -> dict[str, Any]:
        """The data of `presence_snapshot` for a user."""
        person = self._people.get(user_id)
        return {"online": sorted(filter(self.is_online, person.partners)) if person else []}

    def take_last_seen(self) -> dict[int, str]:
        """Who has gone since the last call, and when each was last seen: what the database should remember."""
        seen, self._seen = self._seen, {}
        return seen

    def leave_all(self, wall_s: float) -> dict[int, str]:
        """The server stops: everyone who is online was last seen now."""
        return self.take_last_seen() | dict.fromkeys(self.online(), self._date(wall_s))

    def tick(self, mono_s: float, wall_s: float) -> None:
        """Begin and end graces, and tell what waits."""
        self._room = FRAMES_PER_TICK
        since_s = mono_s if self._ticked_s is None else max(self._ticked_s, mono_s - TICK_S)
        self._ticked_s = mono_s
        for user_id in self._left:
            person = self._people.get(user_id)
            if person is not None and not self._hub.is_listening(user_id):
                person.leaves_s, person.left_s = since_s + self._grace_s, wall_s
                self._leaving[user_id] = None
        self._left.clear()
        for user_id in list(self._leaving):
            person = self._people[user_id]
            if person.leaves_s is not None and person.leaves_s <= mono_s + JITTER_S:
                del self._leaving[user_id]
                person.is_online = False
                self._seen[user_id] = self._date(person.left_s or wall_s)
                self._tell(user_id, person)
        for user_id in list(self._untold):
            if self._room <= 0:
                break
            del self._untold[user_id]
            self._tell(user_id, self._people[user_id])

    def _tell(self, user_id: int, person: _Person) -> None:
        if self._room <= 0:
            self._untold[user_id] = None
            return
        self._untold.pop(user_id, None)
        if person.is_online != person.told_online:
            person.told_online = person.is_online
            data = self._frame(user_id, person)
            for partner in person.partners:
                if streams := len(self._hub.streams_of(partner)):
                    self._hub.publish((user_key(partner),), data)
                    self._room -= streams
        if not person.is_online:
            del self._people[user_id]

    def _frame(self, user_id: int, person: _Person) -> bytes:
        seen = None if person.is_online or person.left_s is None else self._date(person.left_s)
        data = {"user_id": user_id, "full_name": person.full_name, "is_online": person.is_online, "last_seen": seen}
        return frame.encode("presence", data)
