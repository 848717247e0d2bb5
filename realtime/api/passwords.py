"""Passwords, hashed and checked off the loop: each takes a core a quarter of a second.

`lane` is whose turn it is when several wait: one of hashing.py's, or where the request is from.
"""

from __future__ import annotations

from data import passwords
from realtime.api.campus import Campus
from realtime.api.hashing import SIGNED_IN


async def hash_of(campus: Campus, password: str, lane: str = SIGNED_IN) -> str:
    """The stored form of a password. Raises Problem 503."""
    return await campus.hashing.run(lane, passwords.hash_password, password, campus.options.bcrypt_cost)


async def is_right(campus: Campus, password: str, stored: str, lane: str) -> bool:
    """Whether this is the password; the same time for nothing stored, and for a wrong one of a lower cost. Raises
    Problem 503."""
    if len(password) > passwords.MOST_CHARACTERS:
        return False
    return await campus.hashing.run(lane, passwords.check_password, password, stored, campus.options.bcrypt_cost)
