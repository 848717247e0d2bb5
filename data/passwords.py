"""Passwords: how they are stored, checked and chosen. Pure functions; hashing takes 0.05 to 4 s of a core by its cost,
so a server runs it in a thread and an import in processes.

The stored form is "v1$" and a bcrypt hash of base64(SHA-256(NFC text)): bcrypt reads 72 bytes and stops at a NUL, and
bcrypt 5 raises beyond that. The mark lets a later form live beside this one.
"""

from __future__ import annotations

import base64
import hashlib
import unicodedata

import bcrypt

from data.texts import storable

MARK = "v1$"
LEAST_CHARACTERS = 8
MOST_CHARACTERS = 1024


def hash_password(text: str, cost: int) -> str:
    """The stored form of a password. `cost` is bcrypt's, 4 to 16: each step doubles the work."""
    return MARK + bcrypt.hashpw(_digest(text), bcrypt.gensalt(cost)).decode("ascii")


def check_password(text: str, stored: str, cost: int = 12) -> bool:
    """Whether this is the password. A False takes at least the work of a hash at `cost`.

    An answer that came sooner for an unknown user, or for one whose password was stored at a lower cost, would tell who
    has an account. Raises ValueError for a stored text that hash_password never made.
    """
    if not stored:
        _work(text, cost)
        return False
    if not stored.startswith(MARK):
        raise ValueError("a stored password has an unknown form")
    if bcrypt.checkpw(_digest(text), stored.removeprefix(MARK).encode("ascii")):
        return True
    for missing in range(cost_of(stored), cost):  # 2^c + 2^c + 2^(c+1) + ... + 2^(cost-1) = 2^cost
        _work(text, missing)
    return False


def cost_of(stored: str) -> int:
    """The cost that a stored password was hashed with, 0 if nothing is stored."""
    return int(stored.removeprefix(MARK).split("$")[2]) if stored else 0


def problems(password: str, username: str) -> list[str]:
    """Why this can't be the user's password, a sentence each; empty if it can."""
    found = []
    if len(password) < LEAST_CHARACTERS:
        found.append(f"This password is too short. It must contain at least {LEAST_CHARACTERS} characters.")
    if len(password) > MOST_CHARACTERS:
        found.append(f"This password is too long. It must contain at most {MOST_CHARACTERS} characters.")
    if not storable(password):
        found.append("This password has a null character or is not valid Unicode.")
    if password and not password.strip():
        found.append("This password is only white space.")
    if username and password.casefold() == username.casefold():
        found.append("The password is the same as the username.")
    return found


def _digest(text: str) -> bytes:
    # NFC: keyboards differ in how they compose an accent, and the password is the same. A lone surrogate can't be
    # anybody's password, and must not be an exception at the login either.
    composed = unicodedata.normalize("NFC", text).encode("utf-8", "surrogatepass")
    return base64.b64encode(hashlib.sha256(composed).digest())


def _work(text: str, cost: int) -> None:
    """As long as it takes to check a password of that cost."""
    bcrypt.checkpw(_digest(text), b"$2b$%02d$" % cost + b"." * 53)
