"""`communication/events/`: what happens on the campus, not what the stream calls events. All read, publishers write."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import msgspec
from msgspec import UNSET, UnsetType

from data import campus_event_rows, campus_events
from data.campus_event_rows import CampusEvent
from data.campus_event_values import MOST_CHARACTERS, TIME
from realtime.api import pages
from realtime.api.body import MOST_INTEGER, Id
from realtime.api.publishing import PUBLISHERS
from realtime.api.resource import Resource, handlers

# Only shown: the data's side checks texts, in words that people understand.
_DEADLINE = {
    "description": "A date, through whose end on the campus one may register, or a date-time. One without an offset is "
    "of the campus's time zone.",
    "examples": ["2026-01-09", "2026-01-09T10:30:00Z"],
}
Title = Annotated[str, msgspec.Meta(extra_json_schema={"minLength": 1, "maxLength": MOST_CHARACTERS["title"]})]
Description = Annotated[
    str, msgspec.Meta(extra_json_schema={"minLength": 1, "maxLength": MOST_CHARACTERS["description"]})
]
Time = Annotated[str, msgspec.Meta(extra_json_schema={"pattern": TIME, "examples": ["10:30:00"]})]
Short = Annotated[str, msgspec.Meta(extra_json_schema={"maxLength": MOST_CHARACTERS["venue"]})]
Deadline = Annotated[str, msgspec.Meta(extra_json_schema=_DEADLINE)]
Address = Annotated[str, msgspec.Meta(extra_json_schema={"maxLength": MOST_CHARACTERS["image"]})]
Places = Annotated[int, msgspec.Meta(ge=1, le=MOST_INTEGER)]


class CampusEventGiven(msgspec.Struct, kw_only=True):
    """A POST or a PUT. A PUT leaves what it lacks as it is; `college` is for global roles, in a POST."""

    title: Title
    description: Description
    event_date: date
    start_time: Time
    end_time: Time
    venue: Short | UnsetType | None = UNSET
    organizer: Short | UnsetType | None = UNSET
    max_participants: Places | UnsetType | None = UNSET
    registration_required: bool | UnsetType = UNSET
    registration_deadline: Deadline | UnsetType | None = UNSET
    image: Address | UnsetType | None = UNSET
    college: Id | None = None
    is_active: bool | UnsetType = UNSET


class CampusEventsQuery(pages.ActiveQuery):
    """Filters of the events."""

    event_date: date | None = None
    registration_required: bool | None = None


CampusEventsHandler, CampusEventHandler = handlers(
    Resource(
        name="events",
        item=CampusEvent,
        whole=CampusEventGiven,
        query=CampusEventsQuery,
        writers=PUBLISHERS,
        page=campus_event_rows.page,
        one=campus_event_rows.one,
        create=campus_events.create,
        update=campus_events.update,
        delete=campus_events.delete,
        file="image",
        is_published=True,
    )
)
