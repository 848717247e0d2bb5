"""Roles: what a user's `user_type` may be, and which of them administer, and where."""

from __future__ import annotations

ROLES: dict[str, str] = {
    "super_admin": "Super Admin",
    "central_manager": "Central Manager",
    "college_admin": "College Admin",
    "teacher": "Teacher",
    "staff": "Staff",
    "store_manager": "Store Manager",
    "student": "Student",
    "parent": "Parent",
}
GLOBAL_ROLES = frozenset({"super_admin", "central_manager"})
ADMIN_ROLES = GLOBAL_ROLES | {"college_admin"}
_RANKS = {"super_admin": 3, "central_manager": 2, "college_admin": 1}


def is_staff(user_type: str) -> bool:
    """Whether this role administers."""
    return user_type in ADMIN_ROLES


def is_superuser(user_type: str) -> bool:
    """Whether this role may do everything."""
    return user_type == "super_admin"


def rank(user_type: str) -> int:
    """How far up a role is: nobody changes an account of a higher one, or makes one."""
    return _RANKS.get(user_type, 0)
