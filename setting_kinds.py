"""Kinds of settings: what a value may be. Each function takes a text or one of TOML's own types and gives the value, or
raises ValueError, which says what it must be; the caller adds where it came from. Knows no setting by name. Standard
library only.
"""

from __future__ import annotations

import ipaddress
import math
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
LOG_LEVELS = ("debug", "info", "warning", "error")
_FLAGS = {"on": True, "true": True, "yes": True, "1": True, "off": False, "false": False, "no": False, "0": False}


def integer(least: int, most: int = 2**31 - 1) -> Callable[[object], int]:
    """A whole number in that range."""

    def parse(value: object) -> int:
        try:
            number = int(value) if isinstance(value, str) else value
        except ValueError:
            number = None
        if not isinstance(number, int) or isinstance(number, bool) or not least <= number <= most:
            raise ValueError(f"must be a whole number from {least} to {most}")
        return number

    return parse


def duration(least: float = 0.0) -> Callable[[object], float]:
    """A number, mostly of seconds or days."""

    def parse(value: object) -> float:
        try:
            number = float(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else math.nan
        except (ValueError, OverflowError):
            number = math.nan
        if not least <= number < 1e9:
            raise ValueError(f"must be a number, at least {least:g} and below 1e9")
        return number

    return parse


def on_off(value: object) -> bool:
    """A switch."""
    if isinstance(value, bool):
        return value
    word = value.lower() if isinstance(value, str) else ""
    if word not in _FLAGS:
        raise ValueError('must be "on" or "off"')
    return _FLAGS[word]


def words(value: object) -> str:
    """Any text without a NUL."""
    if not isinstance(value, str) or "\0" in value:
        raise ValueError("must be a text")
    return value


def host_name(value: object) -> str:
    """An address or a host name."""
    text = words(value).strip()
    if not text or len(text.split()) > 1:
        raise ValueError("must be an address or a host name")
    return text


def folder(value: object) -> Path:
    """A folder's path."""
    if not words(value):
        raise ValueError("must name a folder")
    return Path(words(value))


def one_of(*choices: str) -> Callable[[object], str]:
    """One of these words."""

    def parse(value: object) -> str:
        word = words(value).lower()
        if word not in choices:
            raise ValueError(f"must be one of {', '.join(choices)}")
        return word

    return parse


def items(value: object) -> list[str]:
    """Texts, separated by commas in one text."""
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, list | tuple) or not all(isinstance(part, str) for part in parts):
        raise ValueError("must be texts, separated by commas")
    return [part.strip() for part in parts if part.strip()]


def origins(value: object) -> tuple[str, ...]:
    """Origins of pages: scheme, host, port."""
    return tuple(_url(item, "an origin, as http://localhost:3000", path=False) for item in items(value))


def host_names(value: object) -> tuple[str, ...]:
    """Names of hosts without a port, `.campus.example` for all names below one, `*` for any."""
    names = tuple(name.lower().removeprefix("*") or "*" for name in items(value))
    for name in names:
        if not re.fullmatch(r"\*|\.?[\w-]+(\.[\w-]+)*\.?", name, re.ASCII):
            raise ValueError(f"must be host names, separated by commas, and {name!r} is none")
    return names


def networks(value: object) -> tuple[Network, ...]:
    """Addresses or networks."""
    try:
        return tuple(ipaddress.ip_network(item) for item in items(value))
    except ValueError as error:
        raise ValueError(f"must be addresses or networks, separated by commas ({error})") from None


def web_url(value: object) -> str:
    """An address of the web, or nothing."""
    return _url(words(value), "an address, as https://campus.example", path=True) if value else ""


def _url(text: str, what: str, *, path: bool) -> str:
    try:
        parts = urlsplit(text.strip())
        known = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0 and len(text.split()) == 1
    except ValueError:
        known = False
    if not known or parts.query or parts.fragment or "@" in parts.netloc or (not path and parts.path.strip("/")):
        raise ValueError(f"must be {what}, and {text!r} is not")
    return f"{parts.scheme}://{parts.netloc.lower()}{parts.path.rstrip('/')}"


def zone_name(value: object) -> str:
    """The name of a time zone that this machine knows."""
    try:
        ZoneInfo(words(value))
    except (OSError, ValueError, LookupError):
        raise ValueError("must be a time zone's name, as Asia/Kolkata") from None
    return words(value)
