"""Settings: every one with its name, default, unit, reason and what 0 means. The dataclass's fields are that table.

A value comes from a flag, else from the environment (REALTIME_NAME), else from the configuration file, else it is the
default. Whatever is unknown or wrong stops the start with one line that names its source. Standard library only; the
flags reach it through commands/cli.py.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from setting_kinds import (
    LOG_LEVELS,
    Network,
    duration,
    folder,
    host_name,
    host_names,
    integer,
    networks,
    on_off,
    one_of,
    origins,
    web_url,
    words,
    zone_name,
)

PREFIX = "REALTIME_"
_DATA = Path("campus-data")
_NEAR = networks("127.0.0.0/8,::1")
_LOCAL = tuple(f"http://{host}:{port}" for host in ("localhost", "127.0.0.1") for port in (3000, 3030, 5173))


class SettingsError(Exception):
    """One line for the person who starts the server: the source, a colon, what is wrong."""


def _setting(default: Any, parse: Callable[[object], Any], unit: str, why: str, zero: str = "") -> Any:
    return field(default=default, metadata={"parse": parse, "unit": unit, "why": why, "zero": zero})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All values, checked. Each field's metadata has parse, unit, why, and zero: what 0 means, if it is special."""

    address: str = _setting("127.0.0.1", host_name, "", "where the server listens")
    port: int = _setting(8000, integer(0, 65535), "", "the port it listens on", "picks a free one")
    data_dir: Path = _setting(_DATA, folder, "", "the folder of all that is stored; made if missing")  # noqa: RUF009
    limits: bool = _setting(True, on_off, "", "rate and count limits; off only for load tests")
    log_level: str = _setting("info", one_of(*LOG_LEVELS), "", "debug, info, warning or error: what the log shows")
    log_format: str = _setting("text", one_of("text", "json"), "", "lines for people, or an object of JSON a line")
    access_log: bool = _setting(False, on_off, "", "a log line for each request; errors are logged anyway")
    public_url: str = _setting("", web_url, "", "what absolute URLs begin with, instead of the request's host")
    cors_origins: tuple[str, ...] = _setting(_LOCAL, origins, "", "origins whose pages may call, separated by commas")
    allowed_hosts: tuple[str, ...] = _setting((), host_names, "", "more host names that are answered to; * is any")
    trusted_proxies: tuple[Network, ...] = _setting((), networks, "", "addresses whose forwarded headers are believed")
    metrics_addresses: tuple[Network, ...] = _setting(_NEAR, networks, "", "who may read /metrics without a token")
    api_docs: bool = _setting(True, on_off, "", "/api/docs/ and /api/v1/schema/ are there, for everybody")
    timezone: str = _setting("UTC", zone_name, "", "the campus's time zone: when a notice's day begins")
    heartbeat_s: int = _setting(30, integer(1, 3600), "s", "between two heartbeats of a stream")
    retry_ms: int = _setting(3000, integer(0), "ms", "how long browsers wait before they reconnect", "at once")
    shutdown_retry_min_s: float = _setting(0.5, duration(), "s", "the shortest such wait given on shutdown")
    shutdown_retry_max_s: float = _setting(10.0, duration(), "s", "the longest: reconnects spread between the two")
    disconnected_on_shutdown: bool = _setting(False, on_off, "", "send `disconnected` then too: some clients stay away")
    shutdown_timeout_s: float = _setting(4.0, duration(), "s", "how long a shutdown may take", "cuts at once")
    send_timeout_s: float = _setting(20.0, duration(0.1), "s", "a stream that accepts nothing for so long ends")
    tcp_user_timeout_s: float = _setting(20.0, duration(), "s", "the same, of a vanished peer", "the kernel's")
    send_buffer_bytes: int = _setting(65536, integer(4096), "bytes", "the kernel's buffer of each stream")
    outbox_frames: int = _setting(1000, integer(1), "frames", "what waits for a slow stream before it lags")
    outbox_bytes: int = _setting(262144, integer(262144), "bytes", "the same in bytes")
    replay_page_bytes: int = _setting(65536, integer(4096), "bytes", "what a replay reads from the log at a time")
    presence_grace_s: float = _setting(10.0, duration(), "s", "from a user's last stream to offline", "at once")
    typing_interval_s: float = _setting(2.0, duration(), "s", "between two typing events to one user", "all are sent")
    max_streams_per_user: int = _setting(50, integer(1), "streams", "what a user may have open")
    max_streams: int = _setting(0, integer(0), "streams", "what all may have open", "what the limit of files leaves")
    test_streams_per_address: int = _setting(20, integer(0), "streams", "test streams of one address", "none")
    requests_per_minute: int = _setting(1200, integer(0), "requests", "what a user may ask a minute", "any number")
    messages_per_minute: int = _setting(300, integer(0), "messages", "what a user may send a minute", "any number")
    searches_per_minute: int = _setting(60, integer(0), "searches", "of a user in messages, a minute", "any number")
    publications_per_minute: int = _setting(60, integer(0), "things", "notices and so on of an author", "any number")
    registrations_per_minute: int = _setting(60, integer(0), "accounts", "that one address makes", "any number")
    upload_bytes_per_day: int = _setting(1 << 30, integer(0, 1 << 50), "bytes", "files of a user in 24 h", "any number")
    failed_logins: int = _setting(5, integer(1), "tries", "wrong ones of an account and address without a wait")
    failed_login_wait_s: float = _setting(2.0, duration(), "s", "the wait after them; each more doubles it", "none")
    failed_login_wait_most_s: float = _setting(300.0, duration(), "s", "the longest such wait")
    failed_logins_per_address: int = _setting(300, integer(0), "tries", "wrong ones in a minute", "any number")
    header_timeout_s: float = _setting(10.0, duration(0.1), "s", "a request's head must be whole after so long")
    body_bytes_per_s: int = _setting(500, integer(0), "bytes/s", "the slowest body, after header_timeout_s", "any pace")
    max_header_bytes: int = _setting(65536, integer(8192), "bytes", "the largest head of a request")
    max_connections: int = _setting(0, integer(0), "connections", "those without a stream", "what files leave")
    max_database_bytes: int = _setting(1 << 36, integer(0, 1 << 50), "bytes", "the largest database", "the disk's size")
    token_lifetime_days: float = _setting(90.0, duration(), "days", "how long a token holds", "for ever")
    log_keep_days: float = _setting(30.0, duration(), "days", "how long events can be replayed", "for ever")
    log_keep_events: int = _setting(1_000_000, integer(0), "events", "how many can be replayed", "any number")
    log_prune_interval_s: float = _setting(60.0, duration(0.1), "s", "between two prunings of the log")
    audit_keep_days: float = _setting(365.0, duration(), "days", "how long the audit is kept", "for ever")
    notice_announce_delay_s: float = _setting(5.0, duration(), "s", "before a notice is told to readers", "at once")
    registration: bool = _setting(False, on_off, "", "people may make a student's account for themselves")
    bcrypt_cost: int = _setting(12, integer(4, 16), "", "the work of a password's hash: each step doubles it")
    max_body_bytes: int = _setting(1048576, integer(262144), "bytes", "the largest request body, files apart")
    max_upload_bytes: int = _setting(26214400, integer(1, 1 << 40), "bytes", "the largest file that may be sent")
    s3_bucket: str = _setting("", words, "", "the S3-compatible bucket for files, instead of the data folder; extra s3")
    s3_endpoint: str = _setting("", web_url, "", "the store's address, if it is not AWS's own")
    s3_region: str = _setting("", words, "", "the bucket's region; credentials are AWS_ACCESS_KEY_ID and so on")
    s3_prefix: str = _setting("campus/", words, "", "what objects' names begin with; under it the bucket is ours alone")
    tls_cert: str = _setting("", words, "", "the certificate's file, PEM, to serve HTTPS; needs tls_key")
    tls_key: str = _setting("", words, "", "its private key's file, PEM; needs tls_cert")
    hsts_days: float = _setting(0.0, duration(), "days", "browsers then use nothing but HTTPS for so long", "not told")

    @property
    def zone(self) -> ZoneInfo:
        """The time zone itself."""
        return ZoneInfo(self.timezone)


TABLE: dict[str, Field[Any]] = {item.name: item for item in fields(Settings)}


def flag_name(name: str) -> str:
    """A setting's flag: heartbeat_s is --heartbeat-s."""
    return "--" + name.replace("_", "-")


def shown(value: object) -> str:
    """A value as a person would write it."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, tuple):
        return ",".join(str(item) for item in value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def load(flags: Mapping[str, str | None], environ: Mapping[str, str], config_path: str | None) -> Settings:
    """The settings of a start. `flags` maps names to texts, None where a flag was not given. Raises SettingsError."""
    given: dict[str, tuple[str, object]] = {}
    for name, value in (_config(config_path) if config_path is not None else {}).items():
        given[_known(name, f"{config_path}: {name}")] = (f"{config_path}: {name}", value)
    for variable, text in environ.items():
        if variable.startswith(PREFIX):
            given[_known(variable.removeprefix(PREFIX).lower(), variable)] = (variable, text)
    for name, flag in flags.items():
        if flag is not None:
            given[_known(name, flag_name(name))] = (flag_name(name), flag)
    values: dict[str, Any] = {}
    for name, (source, value) in given.items():
        try:
            values[name] = TABLE[name].metadata["parse"](value)
        except ValueError as error:
            raise SettingsError(f"{source}: {error}") from None
    settings = Settings(**values)
    _agree(settings, {name: source for name, (source, _) in given.items()})
    return settings


def _known(name: str, source: str) -> str:
    if name not in TABLE:
        raise SettingsError(f"{source}: there is no such setting")
    return name


def _config(path: str) -> dict[str, object]:
    try:
        return tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{path}: {error.strerror}") from None
    except ValueError as error:  # not TOML, not UTF-8, or a NUL in the path
        raise SettingsError(f"{path}: {error}") from None


def _agree(settings: Settings, sources: Mapping[str, str]) -> None:
    if settings.shutdown_retry_min_s > settings.shutdown_retry_max_s:
        source = sources.get("shutdown_retry_min_s") or sources["shutdown_retry_max_s"]
        raise SettingsError(f"{source}: shutdown_retry_min_s is above shutdown_retry_max_s")
    if bool(settings.tls_cert) != bool(settings.tls_key):
        source = sources.get("tls_cert") or sources["tls_key"]
        raise SettingsError(f"{source}: tls_cert and tls_key go together, and one is missing")
