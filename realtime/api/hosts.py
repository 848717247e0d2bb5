"""Which names the server answers to. A page elsewhere can let its own name lead to this machine (DNS rebinding); then
the browser takes the server for that page's, and it could call whatever asks for no token, from inside of the campus.

Such a name is a public one, so it has a dot: names without one and bare addresses are always answered, and so are the
machine's own. What comes through a trusted proxy the proxy has looked at.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Collection, Iterable
from functools import lru_cache
from ipaddress import ip_address
from urllib.parse import urlsplit

ANY = "*"
ASK_S = 1.0


def allowed(given: Iterable[str], address: str, public_url: str) -> frozenset[str]:
    """The names of the setting (`.campus.example` is all below it, `*` any), the machine's, and those of the settings
    address and public_url."""
    own = {address, urlsplit(public_url).hostname or "", *_names_of_machine()}
    return frozenset(name.lower().rstrip(".") for name in {*given, *own} if name)


@lru_cache(maxsize=1024)
def is_allowed(host: str, names: frozenset[str]) -> bool:
    """Whether this is one of the names. `host` is a request's, in lower case and without a port."""
    name = host.rstrip(".")
    if ANY in names or name in names or "." not in name or name.endswith(".localhost"):
        return True
    return _is_address(name.strip("[]")) or _is_below(name, names)


def _is_below(name: str, names: Collection[str]) -> bool:
    parts = name.split(".")
    return any("." + ".".join(parts[start:]) in names for start in range(1, len(parts)))


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _names_of_machine() -> set[str]:
    """The machine's name, alone, with its domain and as its neighbours call it."""
    found = {socket.gethostname(), f"{socket.gethostname()}.local"}
    # The domain may be the resolver's to tell, and a start must not wait for one that is silent.
    asking = threading.Thread(target=lambda: found.add(socket.getfqdn()), daemon=True)
    asking.start()
    asking.join(ASK_S)
    return set(found)
