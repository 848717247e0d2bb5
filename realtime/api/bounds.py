"""Bounds: the settings of all limits, as values. Names and units are those of the settings."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bounds:
    """What may be done how often. 0 is no limit; without `limits` no rate and no count holds."""

    limits: bool
    requests_per_minute: int
    messages_per_minute: int
    searches_per_minute: int
    publications_per_minute: int
    registrations_per_minute: int
    upload_bytes_per_day: int
    max_upload_bytes: int
    failed_logins: int
    failed_login_wait_s: float
    failed_login_wait_most_s: float
    failed_logins_per_address: int
