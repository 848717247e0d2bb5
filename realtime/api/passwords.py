"""Passwords, hashed and checked off the loop: each takes a core a quarter of a second."""

from __future__ import annotations

import asyncio

from data import passwords
from realtime.api.campus import Campus


async def hash_of(campus: Campus, password: str) -> str:
    """The stored form of a password."""
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(campus.hashing, passwords.hash_password, password, campus.options.bcrypt_cost)


async def is_right(campus: Campus, password: str, stored: str) -> bool:
    """Whether this is the password; the same time for nothing stored."""
    if len(password) > passwords.MOST_CHARACTERS:
        return False
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(
        campus.hashing, passwords.check_password, password, stored, campus.options.bcrypt_cost
    )
