"""The files of deploy/ agree with the program and with each other: settings, flags, ports, paths, sizes."""

from __future__ import annotations

import re
from ipaddress import ip_network

from realtime.api import routes
from settings import TABLE, Settings, flag_name, load
from tests.support.server import ROOT

DEPLOY = ROOT / "deploy"
ADDRESS = "127.0.0.1:8000"
GRACE_S = 5


def read(name: str) -> str:
    return (DEPLOY / name).read_text(encoding="utf-8")


def values(name: str, key: str) -> list[str]:
    """What a unit says under a key."""
    return re.findall(rf"^{key}=((?:.*\\\n)*.*)$", read(name), re.MULTILINE)


def test_the_settings_are_settings() -> None:
    settings = load({}, {}, str(DEPLOY / "campus-realtime.toml"))
    assert settings.trusted_proxies == (ip_network("127.0.0.1"),)
    assert settings.address == Settings().address, "the socket's file has the address"


def test_the_service_starts_what_is_there() -> None:
    (command,) = values("campus-realtime.service", "ExecStart")
    words = command.replace("\\\n", " ").split()
    assert words[0] == "/opt/campus-realtime/.venv/bin/python"
    assert words[2] == "/opt/campus-realtime/server.py"
    flags = {word for word in words if word.startswith("--")}
    assert flags == {"--config", flag_name("data_dir")}
    assert "data_dir" in TABLE
    assert values("campus-realtime.service", "StateDirectory") == ["campus-realtime"]
    assert "%S/campus-realtime" in words
    (stop_s,) = values("campus-realtime.service", "TimeoutStopSec")
    assert int(stop_s) > Settings().shutdown_timeout_s + GRACE_S


def test_all_speak_of_the_same_address() -> None:
    assert values("campus-realtime.socket", "ListenStream") == [ADDRESS]
    assert f"server {ADDRESS};" in read("nginx.conf")
    assert f"reverse_proxy {ADDRESS} " in read("Caddyfile")
    assert ADDRESS in (ROOT / "docs/metrics.md").read_text(encoding="utf-8")


def test_the_server_s_own_limit_of_uploads_is_the_lower_one() -> None:
    for found in (re.search(r"client_max_body_size (\d+)m", read("nginx.conf")),
                  re.search(r"max_size (\d+)MiB", read("Caddyfile"))):  # fmt: skip
        assert found is not None
        assert int(found[1]) << 20 > Settings().max_upload_bytes + Settings().max_body_bytes


def test_the_proxies_keep_the_figures_to_themselves() -> None:
    paths = {spec.regex.pattern.removesuffix("/?$") for spec in routes.table()}
    assert "/metrics" in paths
    assert "location ~ ^/metrics/?$ {\n        return 404;" in read("nginx.conf")
    assert "@figures path /metrics /metrics/\n\trespond @figures 404" in read("Caddyfile")
    assert "/api/v1/communication/sse/events" in paths
    assert "location /api/v1/communication/sse/ {" in read("nginx.conf")
