"""Settings: every one with its name, default, unit, reason and what 0 means. The dataclass's fields are that table.

A value comes from a flag, else from the environment (REALTIME_NAME), else from the configuration file, else it is the
default. Whatever is unknown or wrong stops the start with one line that names its source. Standard library only; the
flags reach it through commands/cli.py.
"""

from __future__ import annotations

import ipaddress
import math
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

PREFIX = "REALTIME_"
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
LOG_LEVELS = ("debug", "info", "warning", "error")
_FLAGS = {"on": True, "true": True, "yes": True, "1": True, "off": False, "false": False, "no": False, "0": False}
_DATA = Path("campus-data")
_LOCAL = tuple(f"http://{host}:{port}" for host in ("localhost", "127.0.0.1") for port in (3000, 3030, 5173))


class SettingsError(Exception):
    """One line for the person who starts the server: the source, a colon, what is wrong."""


def _integer(least: int, most: int = 2**31 - 1) -> Callable[[object], int]:
    def parse(value: object) -> int:
        try:
            number = int(value) if isinstance(value, str) else value
        except ValueError:
            number = None
        if not isinstance(number, int) or isinstance(number, bool) or not least <= number <= most:
            raise ValueError(f"must be a whole number from {least} to {most}")
        return number

    return parse


def _duration(least: float = 0.0) -> Callable[[object], float]:
    def parse(value: object) -> float:
        try:
            number = float(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else math.nan
        except (ValueError, OverflowError):
            number = math.nan
        if not least <= number < 1e9:
            raise ValueError(f"must be a number, at least {least:g} and below 1e9")
        return number

    return parse


def _flag(value: object) -> bool:
    if isinstance(value, bool):
        return value
    word = value.lower() if isinstance(value, str) else ""
    if word not in _FLAGS:
        raise ValueError('must be "on" or "off"')
    return _FLAGS[word]


def _text(value: object) -> str:
    if not isinstance(value, str) or "\0" in value:
        raise ValueError("must be a text")
    return value


def _host(value: object) -> str:
    text = _text(value).strip()
    if not text or len(text.split()) > 1:
        raise ValueError("must be an address or a host name")
    return text


def _folder(value: object) -> Path:
    if not _text(value):
        raise ValueError("must name a folder")
    return Path(_text(value))


def _level(value: object) -> str:
    level = _text(value).lower()
    if level not in LOG_LEVELS:
        raise ValueError(f"must be one of {', '.join(LOG_LEVELS)}")
    return level


def _items(value: object) -> list[str]:
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, list | tuple) or not all(isinstance(part, str) for part in parts):
        raise ValueError("must be texts, separated by commas")
    return [part.strip() for part in parts if part.strip()]


def _origins(value: object) -> tuple[str, ...]:
    return tuple(_url(item, "an origin, as http://localhost:3000", path=False) for item in _items(value))


def _networks(value: object) -> tuple[Network, ...]:
    try:
        return tuple(ipaddress.ip_network(item) for item in _items(value))
    except ValueError as error:
        raise ValueError(f"must be addresses or networks, separated by commas ({error})") from None


def _public_url(value: object) -> str:
    return _url(_text(value), "an address, as https://campus.example", path=True) if value else ""


def _url(text: str, what: str, *, path: bool) -> str:
    try:
        parts = urlsplit(text.strip())
        known = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0 and len(text.split()) == 1
    except ValueError:
        known = False
    if not known or parts.query or parts.fragment or "@" in parts.netloc or (not path and parts.path.strip("/")):
        raise ValueError(f"must be {what}, and {text!r} is not")
    return f"{parts.scheme}://{parts.netloc.lower()}{parts.path.rstrip('/')}"


def _zone(value: object) -> str:
    try:
        ZoneInfo(_text(value))
    except (OSError, ValueError, LookupError):
        raise ValueError("must be a time zone's name, as Asia/Kolkata") from None
    return _text(value)


def _setting(default: Any, parse: Callable[[object], Any], unit: str, why: str, zero: str = "") -> Any:
    return field(default=default, metadata={"parse": parse, "unit": unit, "why": why, "zero": zero})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All values, checked. Each field's metadata has parse, unit, why, and zero: what 0 means, if it is special."""

    address: str = _setting("127.0.0.1", _host, "", "where the server listens")
    port: int = _setting(8000, _integer(0, 65535), "", "the port it listens on", "picks a free one")
    data_dir: Path = _setting(_DATA, _folder, "", "the folder of all that is stored; made if missing")  # noqa: RUF009
    limits: bool = _setting(True, _flag, "", "rate and count limits; off only for load tests")
    log_level: str = _setting("info", _level, "", "what the log shows: debug, info, warning or error, and worse")
    access_log: bool = _setting(False, _flag, "", "a log line for each request; errors are logged anyway")
    public_url: str = _setting("", _public_url, "", "what absolute URLs begin with, instead of the request's host")
    cors_origins: tuple[str, ...] = _setting(_LOCAL, _origins, "", "origins whose pages may call, separated by commas")
    trusted_proxies: tuple[Network, ...] = _setting((), _networks, "", "addresses whose forwarded headers are believed")
    api_docs: bool = _setting(True, _flag, "", "/api/docs/ and /api/v1/schema/ are there, for everybody")
    timezone: str = _setting("UTC", _zone, "", "the campus's time zone: when a notice's day begins")
    heartbeat_s: int = _setting(30, _integer(1, 3600), "s", "between two heartbeats of a stream")
    retry_ms: int = _setting(3000, _integer(0), "ms", "how long browsers wait before they reconnect", "at once")
    shutdown_retry_min_s: float = _setting(0.5, _duration(), "s", "the shortest such wait given on shutdown")
    shutdown_retry_max_s: float = _setting(10.0, _duration(), "s", "the longest: reconnects spread between the two")
    disconnected_on_shutdown: bool = _setting(False, _flag, "", "send `disconnected` then too: some clients stay away")
    shutdown_timeout_s: float = _setting(4.0, _duration(), "s", "how long a shutdown may take", "cuts at once")
    send_timeout_s: float = _setting(20.0, _duration(0.1), "s", "a stream that accepts nothing for so long ends")
    tcp_user_timeout_s: float = _setting(20.0, _duration(), "s", "the same, of a vanished peer", "the kernel's")
    send_buffer_bytes: int = _setting(65536, _integer(4096), "bytes", "the kernel's buffer of each stream")
    outbox_frames: int = _setting(1000, _integer(1), "frames", "what waits for a slow stream before it lags")
    outbox_bytes: int = _setting(262144, _integer(262144), "bytes", "the same in bytes")
    replay_page_bytes: int = _setting(65536, _integer(4096), "bytes", "what a replay reads from the log at a time")
    presence_grace_s: float = _setting(10.0, _duration(), "s", "from a user's last stream to offline", "at once")
    typing_interval_s: float = _setting(2.0, _duration(), "s", "between two typing events to one user", "all are sent")
    max_streams_per_user: int = _setting(50, _integer(1), "streams", "what a user may have open")
    max_streams: int = _setting(0, _integer(0), "streams", "what all may have open", "what the limit of files leaves")
    test_streams_per_address: int = _setting(20, _integer(0), "streams", "test streams of one address", "none")
    token_lifetime_days: float = _setting(90.0, _duration(), "days", "how long a token holds", "for ever")
    log_keep_days: float = _setting(30.0, _duration(), "days", "how long events can be replayed", "for ever")
    log_keep_events: int = _setting(1_000_000, _integer(0), "events", "how many can be replayed", "any number")
    log_prune_interval_s: float = _setting(60.0, _duration(0.1), "s", "between two prunings of the log")
    notice_announce_delay_s: float = _setting(5.0, _duration(), "s", "before a notice is told to readers", "at once")
    registration: bool = _setting(False, _flag, "", "people may make a student's account for themselves")
    bcrypt_cost: int = _setting(12, _integer(4, 16), "", "the work of a password's hash: each step doubles it")
    max_body_bytes: int = _setting(1048576, _integer(262144), "bytes", "the largest request body, files apart")
    max_upload_bytes: int = _setting(26214400, _integer(1, 1 << 40), "bytes", "the largest file that may be sent")
    s3_bucket: str = _setting("", _text, "", "the S3-compatible bucket for files, instead of the data folder; extra s3")
    s3_endpoint: str = _setting("", _public_url, "", "the store's address, if it is not AWS's own")
    s3_region: str = _setting("", _text, "", "the bucket's region; credentials are AWS_ACCESS_KEY_ID and so on")
    s3_prefix: str = _setting("campus/", _text, "", "what objects' names begin with; under it the bucket is ours alone")
    tls_cert: str = _setting("", _text, "", "the certificate's file, PEM, to serve HTTPS; needs tls_key")
    tls_key: str = _setting("", _text, "", "its private key's file, PEM; needs tls_cert")

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
