"""Asker: who asks, in which college, and when. What every function with rules is handed besides its values."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from data.roles import ADMIN_ROLES, GLOBAL_ROLES


@dataclass(frozen=True, slots=True)
class Moment:
    """When something happens: the stamp, the campus's day, its zone, and how long a notice waits to be announced."""

    now: str
    today: str
    zone: ZoneInfo
    announce_delay_s: float


@dataclass(frozen=True, slots=True)
class Asker:
    """A caller. `college_id` is what the request is held to (None: all, global roles only), `home_id` the own one,
    `address` where the request came from."""

    user_id: int
    user_type: str
    college_id: int | None
    home_id: int | None
    at: Moment
    address: str = ""

    @property
    def is_admin(self) -> bool:
        """Whether the role sees and changes what others wrote."""
        return self.user_type in ADMIN_ROLES

    @property
    def is_global(self) -> bool:
        """Whether the role reaches every college."""
        return self.user_type in GLOBAL_ROLES
