"""Missed: what a campus was told while somebody's stream was down, written straight into a database that no server has.

By the server's own functions, half announcements to all and half messages of one's own, in turn.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from bench.people import Person
from commands.folder import DATABASE_NAME
from data import announcements, audiences, clock, log, messages
from data.announcements import NewAnnouncement
from data.outcome import Event
from data.session import command_transaction

COLLEGE = 1  # bench.people puts everybody there


def write(data_dir: Path, author: Person, people: Sequence[Person], each: int) -> tuple[int, list[list[int]]]:
    """Tell everybody `each` events. The log's position before, and the events' ids of every person, in order.

    Writes a message for each person and every second event: 100,000 rows of 5,000 people take half a minute.
    """
    now = clock.stamp(time.time())
    told: list[list[int]] = [[] for _ in people]
    with command_transaction(data_dir / DATABASE_NAME) as tx:
        before = log.position(tx)
        whole = audiences.Audience(everybody=True)
        new = NewAnnouncement(author.id, COLLEGE, "New Notice", "Class cancelled tomorrow", {"all": True}, {})
        for number in range(each):
            if number % 2 == 0:
                reach = audiences.resolve(tx, whole, COLLEGE, author.id)
                announcements.publish(tx, new, reach, 0, now)
                for ids in told:
                    ids.append(log.position(tx))
                continue
            for person, ids in zip(people, told, strict=True):
                tx.outcome.clear()
                messages.send(tx, author.id, person.id, f"See you at {number} o'clock", None, now)
                (event_id,) = (one.id for one in tx.outcome if isinstance(one, Event) and one.event == "message")
                ids.append(event_id)
    return before, told
