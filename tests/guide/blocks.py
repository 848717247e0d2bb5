"""Every JavaScript block of the guide: those that run, with the act that says what they must do, and the exceptions.

A block is known by its headings and the digest of its text, so that a block that moves stays known and one that changes
does not: who changes the guide looks at what its act still says. A failing run prints the entry to write here.
"""

from __future__ import annotations

import enum
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass

from tests.guide.acts import clients, connecting, events, failing, react
from tests.guide.extract import Block
from tests.guide.scene import Scene

Act = Callable[[Scene], Awaitable[None]]


class When(enum.Enum):
    """How a block stands to the restart of the server, in which every stream drops."""

    BEFORE = "ends before it"
    AT = "needs it"
    THROUGH = "does not mind it"


@dataclass(frozen=True, slots=True)
class Run:
    """A block that runs. `waits_s` is about what it waits for by itself: the longest begin first."""

    heading: str
    digest: str
    act: Act
    when: When = When.BEFORE
    waits_s: int = 0


@dataclass(frozen=True, slots=True)
class Excepted:
    """A block that can't stand alone. `error` is how its code fails as it is written, which the run makes sure of."""

    heading: str
    digest: str
    error: str
    reason: str


Entry = Run | Excepted

ENTRIES: Sequence[Entry] = (
    Run("Quick Start > 2. Basic Connection", "767c917fe2ea", connecting.basic_connection, When.AT),
    Run("Quick Start > 3. Close Connection", "7e5ca9a10c00", connecting.close),
    Run("SSE Endpoints > 2. Test Endpoint", "e119f98b63da", connecting.public_endpoint),
    Run("Authentication > Getting Auth Token", "a5b4fd9e5bb1", connecting.log_in),
    Run("Authentication > Getting Auth Token", "9b6b86d1f96c", connecting.token_in_url),
    Excepted(
        "Authentication > Token Storage",
        "07c8fd802b41",
        "ReferenceError: Cannot access 'token' before initialization",
        "saves `token` above the line that declares it: three snippets in one, each of which other blocks do as well",
    ),
    Run("Connection Management > Connection Lifecycle", "15b228ba6ac4", connecting.lifecycle),
    Run("Connection Management > Connection States", "fcdc3c8194c7", connecting.states),
    Run("Connection Management > Auto-Reconnection", "fc3f8dac1313", connecting.manual_reconnect, When.AT),
    Run("Event Types & Payloads > 1. Connected Event", "91536bb24d08", events.connected),
    Run("Event Types & Payloads > 2. Message Event", "27e1630c614f", events.message),
    Run("Event Types & Payloads > 3. Typing Event", "1604c29cfd5b", events.typing),
    Run("Event Types & Payloads > 4. Read Receipt Event", "06db480f8beb", events.read_receipt),
    Run("Event Types & Payloads > 5. Notification Event", "0bd389e0fc2f", events.notification),
    Run("Event Types & Payloads > 6. Heartbeat Event", "9bc3aa7f2254", events.heartbeat, waits_s=30),
    Run("Event Types & Payloads > 7. Disconnected Event", "67be83b8be2f", events.disconnected),
    Run("JavaScript Implementation > Basic Implementation", "d987d3e6d4dc", clients.sse_client, waits_s=30),
    Run("React Implementation > Custom Hook", "bfcc52e1c97d", react.own_hook, When.AT),
    Run("React Implementation > Usage in Component", "802175b7a48a", react.drop_in, When.AT),
    Run("Error Handling > Common Errors > 1. Unauthorized (401)", "c76a985bcd45", failing.unauthorized),
    Run(
        "Error Handling > Common Errors > 2. Connection Failed", "70241e5db103", failing.connection_failed, When.AT, 15
    ),
    Run("Error Handling > Common Errors > 3. Redis Not Available", "ee0141b759a3", failing.relay_lost, When.AT),
    Run("Reconnection Strategy > Exponential Backoff", "e95fe27a660c", clients.sse_connection, When.AT),
    Run("Testing > Test Connection", "0a762afef66e", connecting.public_endpoint_function, waits_s=10),
    Run("Testing > Test with Auth Token", "7e2d58d3131f", connecting.authenticated_test, waits_s=35),
    Run("Troubleshooting > Issue 1: Connection Immediately Closes", "6b5be0347801", failing.debug_steps, waits_s=6),
    Run("Troubleshooting > Issue 2: Events Not Received", "8f250e9bd8d7", events.raw_events, waits_s=30),
    Run("Troubleshooting > Issue 3: Memory Leaks", "ad01290df962", clients.cleanup),
    Excepted(
        "Production Considerations > 1. Use HTTPS",
        "f7271c8ec487",
        "SyntaxError: Identifier 'baseUrl' has already been declared",
        "three alternatives to choose from, each of which declares `baseUrl`",
    ),
    Run("Production Considerations > 2. Token Security", "671149c1e22e", clients.token_logging),
    Run("Production Considerations > 4. Connection Limits", "0d8b279dba2b", clients.singleton),
    Run("Production Considerations > 5. Monitoring", "5e756e906c8e", connecting.metrics, When.THROUGH, waits_s=60),
)


def match(blocks: Iterable[Block], entries: Sequence[Entry] = ENTRIES) -> tuple[list[tuple[Block, Entry]], list[str]]:
    """Each block with its entry, in the order of the guide; and what does not fit, a line each."""
    left = list(entries)
    found: list[tuple[Block, Entry]] = []
    faults: list[str] = []
    for block in blocks:
        same = [entry for entry in left if (entry.heading, entry.digest) == (block.heading, block.digest)]
        if same:
            found.append((block, same[0]))
            left.remove(same[0])
        else:
            faults.append(
                f"block {block.number} (line {block.line}) is neither listed nor an exception: "
                f'"{block.heading}", "{block.digest}"'
            )
    faults += [f'listed and not in the guide: "{entry.heading}", "{entry.digest}"' for entry in left]
    return found, faults
