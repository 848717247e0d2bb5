"""settings.py: where a value comes from, what is refused and how, and that docs/settings.md tells the same."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from commands import settings_page
from settings import TABLE, Settings, SettingsError, flag_name, load, shown


def from_file(tmp_path: Path, text: str | bytes, environ: Mapping[str, str] | None = None, **flags: str) -> Settings:
    path = tmp_path / "realtime.toml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return load(flags, environ or {}, str(path))


def flagged(**flags: str) -> Settings:
    return load(flags, {}, None)


def refusal(name: str, value: str) -> str:
    with pytest.raises(SettingsError) as caught:
        load({name: value}, {}, None)
    text = str(caught.value)
    assert text.startswith(f"{flag_name(name)}: ")
    assert "\n" not in text
    return text


def test_defaults() -> None:
    settings = load({}, {}, None)
    assert settings == Settings()
    assert (settings.address, settings.port, settings.data_dir) == ("127.0.0.1", 8000, Path("campus-data"))
    assert set(settings.cors_origins) == {
        f"http://{host}:{port}" for host in ("localhost", "127.0.0.1") for port in (3000, 3030, 5173)
    }
    assert str(settings.zone) == "UTC"


def test_every_default_could_have_been_given() -> None:
    for name, setting in TABLE.items():
        assert getattr(load({name: shown(setting.default)}, {}, None), name) == setting.default, name


def test_a_flag_goes_before_the_environment_and_that_before_the_file(tmp_path: Path) -> None:
    text = "port = 1\nheartbeat_s = 2\nretry_ms = 3\n"
    environ = {"REALTIME_PORT": "11", "REALTIME_HEARTBEAT_S": "12", "PATH": "/bin", "realtime_port": "x"}
    settings = from_file(tmp_path, text, environ, port="21")
    assert (settings.port, settings.heartbeat_s, settings.retry_ms) == (21, 12, 3)


def test_a_flag_that_was_not_given_is_none() -> None:
    assert load({"port": None}, {"REALTIME_PORT": "9"}, None).port == 9


@pytest.mark.parametrize(
    ("line", "name", "value"),
    [
        ("presence_grace_s = 1", "presence_grace_s", 1.0),
        ("presence_grace_s = 0.25", "presence_grace_s", 0.25),
        ('presence_grace_s = "0.5"', "presence_grace_s", 0.5),
        ('port = "80"', "port", 80),
        ("limits = false", "limits", False),
        ('limits = "off"', "limits", False),
        ('data_dir = "/srv/campus"', "data_dir", Path("/srv/campus")),
        ("cors_origins = []", "cors_origins", ()),
        ('cors_origins = ["https://a.example", "http://B.example:81/"]', "cors_origins",
         ("https://a.example", "http://b.example:81")),
        ('trusted_proxies = ["10.0.0.0/8", "::1"]', "trusted_proxies",
         (ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("::1/128"))),
    ],
)  # fmt: skip
def test_the_file_has_the_types_of_toml(tmp_path: Path, line: str, name: str, value: Any) -> None:
    assert getattr(from_file(tmp_path, line), name) == value


@pytest.mark.parametrize("word", ["on", "true", "YES", "1"])
def test_flags_say_on(word: str) -> None:
    assert flagged(access_log=word).access_log is True


@pytest.mark.parametrize("word", ["off", "False", "no", "0"])
def test_flags_say_off(word: str) -> None:
    assert flagged(limits=word).limits is False


def test_lists_are_separated_by_commas() -> None:
    assert flagged(cors_origins=" https://a.example , http://[::1]:3000,").cors_origins == (
        "https://a.example",
        "http://[::1]:3000",
    )
    assert flagged(cors_origins="").cors_origins == ()
    assert len(flagged(trusted_proxies="127.0.0.1, 192.168.0.0/16").trusted_proxies) == 2


def test_addresses_lose_their_last_slash() -> None:
    assert flagged(public_url="https://Campus.example/sub/").public_url == "https://campus.example/sub"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("port", "-1"),
        ("port", "65536"),
        ("port", "80.5"),
        ("port", "x"),
        ("port", ""),
        ("port", "9" * 5000),
        ("address", ""),
        ("address", "a b"),
        ("data_dir", ""),
        ("data_dir", "a\0b"),
        ("limits", "maybe"),
        ("log_level", "loud"),
        ("heartbeat_s", "0"),
        ("heartbeat_s", "0.5"),
        ("presence_grace_s", "-0.1"),
        ("presence_grace_s", "nan"),
        ("presence_grace_s", "inf"),
        ("token_lifetime_days", "1e300"),
        ("outbox_bytes", "262143"),
        ("bcrypt_cost", "3"),
        ("bcrypt_cost", "17"),
        ("timezone", "Mars/Olympus"),
        ("timezone", "../../etc/passwd"),
        ("timezone", ""),
        ("public_url", "campus.example"),
        ("public_url", "ftp://campus.example"),
        ("public_url", "https://campus.example/?a=1"),
        ("public_url", "https://user:secret@campus.example"),
        ("cors_origins", "*"),
        ("cors_origins", "http://localhost:3000/path"),
        ("cors_origins", "http://localhost:99999"),
        ("cors_origins", "http://a b"),
        ("trusted_proxies", "10.0.0.1/8"),
        ("trusted_proxies", "proxy.example"),
        ("tls_cert", "cert.pem"),
        ("tls_key", "key.pem"),
        ("shutdown_retry_min_s", "11"),
        ("shutdown_retry_max_s", "0.1"),
        ("prot", "80"),
    ],
)
def test_what_is_wrong_is_refused_in_one_line_with_its_flag(name: str, value: str) -> None:
    refusal(name, value)


def test_both_of_tls_are_fine() -> None:
    assert flagged(tls_cert="cert.pem", tls_key="key.pem").tls_key == "key.pem"


@pytest.mark.parametrize(
    ("environ", "source"),
    [
        ({"REALTIME_PORT": "x"}, "REALTIME_PORT: must be a whole number from 0 to 65535"),
        ({"REALTIME_PROT": "80"}, "REALTIME_PROT: there is no such setting"),
        ({"REALTIME_": ""}, "REALTIME_: there is no such setting"),
    ],
)
def test_the_environment_is_named(environ: dict[str, str], source: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load({}, environ, None)
    assert str(caught.value) == source


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("prot = 80", "prot: there is no such setting"),
        ("port = true", "port: must be a whole number"),
        ("port = 1.5", "port: must be a whole number"),
        ("port = [80]", "port: must be a whole number"),
        ("[server]\nport = 80", "server: there is no such setting"),
        ("presence_grace_s = true", "presence_grace_s: must be a number"),
        ("presence_grace_s = nan", "presence_grace_s: must be a number"),
        ("limits = 1", "limits: must be"),
        ("address = 127", "address: must be a text"),
        ("cors_origins = [1]", "cors_origins: must be texts"),
        ("public_url = 1", "public_url: must be a text"),
        ("timezone = 2026-01-09", "timezone: must be a"),
        ("port 80", ""),
        (b"address = '\xff'", ""),
    ],
)
def test_the_file_and_its_line_are_named(tmp_path: Path, text: str | bytes, said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        from_file(tmp_path, text)
    assert str(caught.value).startswith(f"{tmp_path / 'realtime.toml'}: {said}")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("path", ["/nowhere/realtime.toml", "/", "a\0b", ""])
def test_a_file_that_is_not_there_is_named(path: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load({}, {}, path)
    assert str(caught.value).startswith(f"{path}: ")


def test_what_is_wrong_matters_even_where_a_flag_hides_it(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="prot"):
        from_file(tmp_path, "prot = 1", port="80")


def test_the_page_is_up_to_date() -> None:
    assert settings_page.PATH.read_text(encoding="utf-8") == settings_page.page(), (
        "docs/settings.md is old: python -m commands.settings_page"
    )
    for name in TABLE:
        assert f"`{flag_name(name)}`" in settings_page.page()
