"""What churn shows: a line a sample, and what of the last look is not as it was in the first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from tests.churn.watched import Look

MIB = 1 << 20
HEAD = "  minute  clients  streams     RSS  descriptors  threads  tasks  subscribers  hub's tables"
# SQLite's three page caches of 8 MiB fill as the database grows, whatever the streams do.
RSS_SLACK_BYTES = 24 * MIB
RSS_FACTOR = 1.1
# Tables of these hold open streams and nothing else; all others are caches and windows, which have a bound.
OF_STREAMS = ("Hub.", "Presence.", "Fanouts.", "Rules.", "Readers.", "Writer.", "Campus.requests")
OF_USERS = ("Presence.seen",)
CACHE_ENTRIES = 10_000
# Requests of the harness's own, and what the clock's round has just begun.
PASSING = {"Task": 2, "Future": 8, "IOStream": 2, "HTTP1Connection": 2, "HTTP1ServerConnection": 2, "socket": 2}


def line(minute: float, clients: int, look: Look) -> str:
    """One sample."""
    tables = look.tables
    hub = " ".join(f"{name.removeprefix('Hub.')}={tables[name]}" for name in sorted(tables) if name.startswith("Hub."))
    return (
        f"{minute:8.1f}  {clients:7d}  {tables.get('Hub.streams', 0):7d}  {look.rss_bytes / MIB:5.1f} M"
        f"  {look.descriptors:11d}  {look.threads:7d}  {look.tasks:5d}  {look.objects.get('Subscriber', 0):11d}  {hub}"
    )


def openings(counts: Mapping[str, int]) -> str:
    """How many came, by the way in which they went, and what they were answered."""
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))


def left_over(before: Look, after: Look, threads: int = 0) -> list[str]:
    """What is more than it was, a sentence each. So many threads more may be there: pools grow when they are needed."""
    found = []
    most_bytes = before.rss_bytes * RSS_FACTOR + RSS_SLACK_BYTES
    if after.rss_bytes > most_bytes:
        found.append(f"RSS was {before.rss_bytes / MIB:.1f} MiB and is {after.rss_bytes / MIB:.1f}")
    for name in ("descriptors", "threads", "tasks"):
        was, now = getattr(before, name), getattr(after, name)
        if now > was + {"tasks": PASSING["Task"], "threads": threads}.get(name, 0):
            found.append(f"{name}: {was} before, {now} after")
    was_objects = Counter(before.objects)
    for name, count in after.objects.items():
        if name in ("Subscriber", "Wire", *PASSING) and count > was_objects[name] + PASSING.get(name, 0):
            found.append(f"objects of {name}: {was_objects[name]} before, {count} after")
    for name, size in after.tables.items():
        room = 0 if name.startswith(OF_STREAMS) and name not in OF_USERS else CACHE_ENTRIES
        if size > before.tables.get(name, 0) + room:
            found.append(f"{name}: {before.tables.get(name, 0)} before, {size} after")
    return found
