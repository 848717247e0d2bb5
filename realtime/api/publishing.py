"""What notices and announcements have in common: who publishes, for whom, and how many that would reach."""

from __future__ import annotations

from typing import TypedDict

import msgspec

from data import roles
from data.audiences import Audience, Reach
from realtime.api.base import Handler
from realtime.api.body import Id

PUBLISHERS = roles.ADMIN_ROLES | {"teacher", "staff"}
MOST_NAMED = 500


class AudienceGiven(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """For whom. A name that is none of these is refused: a misspelt one would reach others than were meant."""

    all: bool = False
    classes: list[Id] | None = None
    sections: list[Id] | None = None
    user_types: list[str] | None = None
    users: list[Id] | None = None


class Counted(TypedDict):
    """How many people would be told, and how many of them have a stream open now; the caller among them."""

    reached: int
    online: int


class PublishingHandler(Handler):
    """A handler of what goes to an audience."""

    def online(self, reach: Reach) -> int:
        """How many people of an audience have a stream open."""
        return len(self.campus.hub.users_listening(reach.keys))

    def answer_reach(self, reach: Reach) -> None:
        """Answer a preview."""
        self.answer(Counted(reached=reach.reached, online=self.online(reach)))


def to_audience(given: AudienceGiven | None) -> Audience:
    """What is chosen by it; without anything everybody."""
    if given is None:
        return Audience(everybody=True)
    return Audience(given.all, given.user_types or (), given.users or (), given.classes or (), given.sections or ())


def audience_problem(given: AudienceGiven | None) -> str | None:
    """Why this can't be an audience, a sentence; None if it can."""
    named = {} if given is None else msgspec.to_builtins(given)
    for name, values in named.items():
        if isinstance(values, list) and len(values) > MOST_NAMED:
            return f"Name at most {MOST_NAMED} {name.replace('_', ' ')}."
    return None
