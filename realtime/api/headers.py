"""Headers that keep a browser from doing more with an answer than is meant. Every answer has these unless its kind
needs others: pages load what is theirs, files may be shown by pages of other origins.
"""

from __future__ import annotations

from collections.abc import Iterator

DAY_S = 86400

# For what is read by programs. Opened by itself, or as a picture or a script of another site, it is nothing.
ALWAYS = (
    ("X-Content-Type-Options", "nosniff"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Frame-Options", "DENY"),
)
# Nothing of a page of ours asks for any of these, so a hole in one can't either.
NO_DEVICES = (
    "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), hid=(), "
    "magnetometer=(), microphone=(), midi=(), payment=(), serial=(), usb=()"
)


def of_scheme(scheme: str, hsts_days: float) -> Iterator[tuple[str, str]]:
    """What an answer over that scheme has besides. No `includeSubDomains`: the neighbours' names are not ours."""
    if hsts_days and scheme == "https":
        yield "Strict-Transport-Security", f"max-age={int(hsts_days * DAY_S)}"
