"""Moves: what it does to people's lists that they join or leave a class or a college, or have another role.

`told` goes around the change: whatever notices, events and notifications its users see after it and did not before, or
the other way round, they are told of in the same transaction (I9). None of it is news: a notice that one joined for
comes as the object that it is. A replay does not tell what went to a key that is lost, so what a client that was away
needs of that is told anew, or given to the user's own key. Knows no HTTP and no clock.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from data import campus_event_news, campus_event_rows, keys, log, notice_news, notice_rows, notifications
from data.asker import Asker, Moment
from data.listing import Condition
from data.roles import GLOBAL_ROLES
from data.transaction import Transaction

# Of these many notifications one event tells at most.
MOST_IDS = 500
REMOVALS = ("notice_removed", "event_removed")
_OF_GROUPS = "key IN (SELECT value FROM json_each(?))"

_Keys = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class _Seen:
    """What somebody lists, by ids, and the keys that they hold."""

    keys: _Keys
    notices: frozenset[int]
    notifications: frozenset[int]
    events: frozenset[int] = field(default=frozenset())


@dataclass(frozen=True, slots=True)
class _Kind:
    """Something that is listed: its name in _Seen, a row of it, who hears of one, and how that is told."""

    name: str
    row: Callable[[Transaction, int], sqlite3.Row]
    listers: Callable[[sqlite3.Row], tuple[str, ...]]
    tell: Callable[[Transaction, int, tuple[str, ...], str], None]
    tell_removal: Callable[[Transaction, int, tuple[str, ...], str], None]
    forget: Callable[[Transaction, int, tuple[str, ...]], None]


def _tell_notice(tx: Transaction, notice_id: int, to: tuple[str, ...], now: str) -> None:
    notice_news.tell_object(tx, notice_rows.by_id(tx, notice_id), to, now)


def _tell_event(tx: Transaction, event_id: int, to: tuple[str, ...], now: str) -> None:
    campus_event_news.tell_change(tx, event_id, now, to)


def _tell_event_removal(tx: Transaction, event_id: int, to: tuple[str, ...], now: str) -> None:
    campus_event_news.tell_removal(tx, event_id, now, to)


_NOTICES = _Kind(
    "notices", notice_rows.by_id, notice_news.listers, _tell_notice, notice_news.tell_removal, notice_news.forget
)
_EVENTS = _Kind(
    "events",
    campus_event_rows.by_id,
    campus_event_news.listers,
    _tell_event,
    _tell_event_removal,
    campus_event_news.forget,
)


@contextmanager
def told(tx: Transaction, user_ids: Iterable[int], at: Moment, groups: Sequence[str] | None = None) -> Iterator[None]:
    """Around a change of what these users see. `groups` are the keys of classes and sections that it is about; None is
    anything, of which each user costs some milliseconds in a college with thousands of notices."""
    people = tuple(dict.fromkeys(user_ids))
    before = {user_id: _seen(tx, user_id, at, groups) for user_id in people}
    yield
    after = {user_id: _seen(tx, user_id, at, groups) for user_id in people}
    for user_id in people:
        log.share(tx, REMOVALS, _lost(before[user_id].keys, after[user_id].keys), f"user:{user_id}")
    for kind in (_NOTICES, _EVENTS):
        _tell(tx, kind, before, after, at.now)
    left = {user_id: _notifications(tx, _asker(tx, user_id, at), groups) for user_id in people}
    for ids, to in _by_value({user_id: before[user_id].notifications - left[user_id] for user_id in people}):
        for start in range(0, len(ids), MOST_IDS):
            log.append(tx, "notifications_removed", {"ids": ids[start : start + MOST_IDS]}, to, at.now)


def _tell(tx: Transaction, kind: _Kind, before: Mapping[int, _Seen], after: Mapping[int, _Seen], now: str) -> None:
    had = {user_id: getattr(seen, kind.name) for user_id, seen in before.items()}
    has = {user_id: getattr(seen, kind.name) for user_id, seen in after.items()}
    for row_id, to in _by_id({one: had[one] - has[one] for one in had}):
        kind.forget(tx, row_id, to)
        kind.tell_removal(tx, row_id, to, now)
    new = {one: (has[one] - had[one]) | _missed(tx, kind, had[one] & has[one], before[one], after[one]) for one in had}
    for row_id, to in _by_id(new):
        kind.tell(tx, row_id, to, now)


def _missed(tx: Transaction, kind: _Kind, ids: frozenset[int], before: _Seen, after: _Seen) -> frozenset[int]:
    """Those of what is listed as before whose changes went to a key that is lost, and to none that is held as long."""
    lost = _lost(before.keys, after.keys)
    if not lost:
        return frozenset()
    found = set()
    for row_id in ids:
        listers = kind.listers(kind.row(tx, row_id))
        since = min((after.keys[key] for key in listers if key in after.keys), default=None)
        if any(since is None or since > lost[key] for key in listers if key in lost):
            found.add(row_id)
    return frozenset(found)


def _lost(before: _Keys, after: _Keys) -> dict[str, int]:
    return {key: since_id for key, since_id in before.items() if key not in after}


def _seen(tx: Transaction, user_id: int, at: Moment, groups: Sequence[str] | None) -> _Seen:
    asker = _asker(tx, user_id, at)
    notices, sent = notice_rows.scope(asker), _notifications(tx, asker, groups)
    held, which = keys.held(tx, user_id), "n.id FROM notices AS n WHERE n.is_active = 1"
    if groups is None:
        events = _ids(tx, "e.id FROM events AS e WHERE e.is_active = 1", campus_event_rows.scope(asker))
        return _Seen(held, _ids(tx, which, notices), sent, events)
    of_groups = f"SELECT notice_id FROM notice_visibility WHERE {_OF_GROUPS} AND is_active = 1"
    return _Seen(held, _ids(tx, f"{which} AND n.id IN ({of_groups})", notices, json.dumps(list(groups))), sent)


def _notifications(tx: Transaction, asker: Asker, groups: Sequence[str] | None) -> frozenset[int]:
    scope, which = notifications.scope(asker), "n.id FROM notifications AS n WHERE 1"
    if groups is None:
        return _ids(tx, which, scope)
    of_groups = f"SELECT notification_id FROM notification_audience WHERE {_OF_GROUPS}"
    return _ids(tx, f"{which} AND n.id IN ({of_groups})", scope, json.dumps(list(groups)))


def _asker(tx: Transaction, user_id: int, at: Moment) -> Asker:
    """The user as they ask for their lists."""
    row = tx.row("SELECT user_type, college_id FROM users WHERE id = ?", (user_id,))
    assert row is not None
    college_id = None if row["user_type"] in GLOBAL_ROLES else row["college_id"]
    return Asker(user_id, row["user_type"], college_id, row["college_id"], at)


def _ids(tx: Transaction, what: str, scope: Condition, *parameters: object) -> frozenset[int]:
    found = tx.rows(f"SELECT {what} AND ({scope.sql})", (*parameters, *scope.parameters))
    return frozenset(row[0] for row in found)


def _by_id(ids: Mapping[int, frozenset[int]]) -> Iterator[tuple[int, tuple[str, ...]]]:
    """From each user's ids to each id with its users' keys, so that one event tells all of them."""
    users: dict[int, list[str]] = {}
    for user_id, found in ids.items():
        for one in found:
            users.setdefault(one, []).append(f"user:{user_id}")
    for one in sorted(users):
        yield one, tuple(users[one])


def _by_value(ids: Mapping[int, frozenset[int]]) -> Iterator[tuple[list[int], tuple[str, ...]]]:
    """The keys of the users of each set of ids: a class has one for all."""
    users: dict[frozenset[int], list[str]] = {}
    for user_id, found in ids.items():
        users.setdefault(found, []).append(f"user:{user_id}")
    for found, holders in users.items():
        yield sorted(found), tuple(holders)
