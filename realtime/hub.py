"""Hub: the dict of who listens.

`publish` hands one frame's bytes to every stream of an audience, to a large one in slices (fanout.py): it never awaits,
never blocks and never raises for a slow or dead peer (I4), and frames reach each stream in the order of their ids (I2).
The hub knows streams and keys; it knows neither the log nor HTTP. A poll that waits (poll.py) is a stream here as any
other. All of it runs on the loop's thread.
"""

from __future__ import annotations

import logging
import math
import sys
from collections.abc import Callable, Iterable, Mapping

from realtime import frame
from realtime.attached import Attached
from realtime.fanout import Fanouts
from realtime.subscriber import Subscriber

log = logging.getLogger(__name__)


def user_key(user_id: int) -> str:
    """The key that a user alone holds."""
    return f"user:{user_id}"


class Hub:
    """Open streams by key, and the keys of the users who have any.

    `last_id` is the id of the newest event handed to `publish`; `opened` streams there were in all, and those that are
    gone were told again from the log `lagged` times.
    """

    def __init__(self, *, heartbeat_s: int, last_id: int) -> None:
        self.last_id = last_id
        self.opened = 0
        self.lagged = 0
        self.streams: dict[int, Attached] = {}
        self.slow: set[Subscriber] = set()
        self.on_left: Callable[[int], None] = lambda user_id: None
        self._by_key: dict[str, dict[Attached, None]] = {}
        self._keys: dict[int, dict[str, int]] = {}
        self._changes: dict[int, int] = {}
        self._beats: list[dict[Attached, None]] = [{} for _ in range(heartbeat_s)]
        self._beaten_s: int | None = None
        self._expires_s = math.inf  # nobody's token expires before; to look at all of them each second takes 1 ms
        self._fanouts = Fanouts()

    def attach(self, subscriber: Attached) -> None:
        """Take a stream in: under its user's own key, and all others that the user's other streams hold."""
        self.opened += 1
        subscriber.id = self.opened
        subscriber.position = self.last_id
        self.streams[subscriber.id] = subscriber
        self._expires_s = min(self._expires_s, math.inf if subscriber.expires_s is None else subscriber.expires_s)
        self._beats[subscriber.id % len(self._beats)][subscriber] = None
        for key in self._keys.setdefault(subscriber.user_id, {user_key(subscriber.user_id): 0}):
            self._by_key.setdefault(key, {})[subscriber] = None

    def detach(self, subscriber: Attached) -> None:
        """Let a stream go. The last of a user takes the user's keys along."""
        if self.streams.pop(subscriber.id, None) is None:
            return
        self.lagged += subscriber.lagged
        del self._beats[subscriber.id % len(self._beats)][subscriber]
        user_id = subscriber.user_id
        for key in self._keys[user_id]:
            self._unlink(key, subscriber)
        if not self.is_listening(user_id):
            del self._keys[user_id]
            self._changes.pop(user_id, None)
            self.on_left(user_id)

    def publish(self, keys: Iterable[str], data: bytes, event_id: int = 0) -> None:
        """Give a frame to the union of keys, once per stream. Ephemeral frames have no event_id."""
        if event_id:
            self.last_id = event_id
        self._fanouts.begin(data, event_id, self._of(keys))

    def finish(self) -> None:
        """Push at once what is still on its way to large audiences."""
        self._fanouts.finish()

    def mark_lagged(self, keys: Iterable[str], event_id: int) -> None:
        """An event could not be pushed: its streams get it from the log instead."""
        self.last_id = event_id
        for subscriber in self._of(keys):
            subscriber.lag(event_id)

    def set_keys(self, user_id: int, keys: Mapping[str, int]) -> None:
        """What the user holds now, each key with the event since which. Users without streams are not remembered."""
        held = self._keys.get(user_id)
        if held is None:
            return
        lost = tuple(key for key in held if key not in keys)
        self._link(user_id, {key: since for key, since in keys.items() if key not in held}, lost)

    def change_keys(self, user_id: int, gained: Mapping[str, int], lost: Iterable[str]) -> None:
        """A committed change of what a user holds; opening streams included."""
        if user_id in self._keys:
            self.touch(user_id)
            self._link(user_id, gained, lost)

    def touch(self, user_id: int) -> None:
        """Something changed that an opening reads of its user; one that is under way must read again (I10)."""
        if user_id in self._keys:
            self._changes[user_id] = self._changes.get(user_id, 0) + 1

    def changes(self, user_id: int) -> int:
        """A number that is another one after each `touch`. Of one user: others' changes must not hold an opening up."""
        return self._changes.get(user_id, 0)

    def keys(self, user_id: int) -> Mapping[str, int]:
        """The keys that the user's streams listen to, each with its since_event_id."""
        return self._keys.get(user_id, {})

    def streams_of(self, user_id: int) -> list[Attached]:
        """All open streams of a user, opening ones included."""
        return list(self._by_key.get(user_key(user_id), ()))

    def is_listening(self, user_id: int) -> bool:
        """Whether the user has an open stream."""
        return user_key(user_id) in self._by_key

    def users_listening(self, keys: Iterable[str]) -> set[int]:
        """The users with an open stream in this audience."""
        return {subscriber.user_id for subscriber in self._of(keys)}

    def end_tokens(self, token_ids: Iterable[int], reason: str) -> None:
        """End all streams of these tokens for good: the client is told not to come back (I10)."""
        gone = set(token_ids)
        self.end([s for s in self.streams.values() if s.token_id in gone], reason)

    def end(self, subscribers: Iterable[Attached], reason: str) -> None:
        """End these streams with `disconnected`."""
        last = frame.encode("disconnected", {"status": "disconnected", "reason": reason})
        for subscriber in subscribers:
            subscriber.end(last)
            self.detach(subscriber)

    def tick(self, mono_s: float, wall_s: float) -> None:
        """Once a second: the end of expired tokens, heartbeats to the slice that is due, the close of dead peers.

        The slices spread ten thousand heartbeats over the interval, so that they never stall the loop at once.
        """
        if wall_s >= self._expires_s:
            self._end_expired(wall_s)
        now_s = int(mono_s)
        count = len(self._beats)
        begin_s = now_s if self._beaten_s is None else max(self._beaten_s + 1, now_s - count + 1)
        beat = frame.encode("heartbeat", {"timestamp": round(wall_s, 3)})
        for second in range(begin_s, now_s + 1):
            for subscriber in list(self._beats[second % count]):
                subscriber.beat(beat)
        self._beaten_s = now_s
        for slow in list(self.slow):
            if slow.stalled(mono_s):
                log.info("a stream of user %d is closed: its peer accepts nothing", slow.user_id)
                slow.abort()

    def _end_expired(self, wall_s: float) -> None:
        self.end([s for s in self.streams.values() if s.expires_s is not None and s.expires_s <= wall_s], "expired")
        self._expires_s = min((s.expires_s for s in self.streams.values() if s.expires_s is not None), default=math.inf)

    def _of(self, keys: Iterable[str]) -> dict[Attached, None]:
        reached: dict[Attached, None] = {}
        for key in keys:
            reached |= self._by_key.get(key, {})
        return reached

    def _link(self, user_id: int, gained: Mapping[str, int], lost: Iterable[str]) -> None:
        held = self._keys[user_id]
        streams = self.streams_of(user_id)
        for key, since in gained.items():
            key = sys.intern(key)  # thousands of users hold the same, and each had it from the database
            held[key] = since
            self._by_key.setdefault(key, {}).update(dict.fromkeys(streams))
        for key in lost:
            if held.pop(key, None) is not None:
                for subscriber in streams:
                    self._unlink(key, subscriber)

    def _unlink(self, key: str, subscriber: Attached) -> None:
        audience = self._by_key.get(key)
        if audience is not None:
            audience.pop(subscriber, None)
            if not audience:
                del self._by_key[key]
