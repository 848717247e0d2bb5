"""`GET sse/test/`: five events, one a second, for people who want to see whether streams reach them. No token.

With `?idle=true` it then says nothing for as long as a stream can be silent, one heartbeat: whoever cuts it meanwhile
would cut streams as well.
"""

from __future__ import annotations

import asyncio

import msgspec
from tornado.iostream import StreamClosedError

from realtime import frame
from realtime.api import origin
from realtime.api.operation import operation
from realtime.api.stream import EVENT_STREAM, EventStreamHandler

EVENTS = 5
INTERVAL_S = 1.0


class StreamTestQuery(msgspec.Struct):
    """Whether to be silent for one heartbeat before `complete`."""

    idle: bool = False


class StreamTestHandler(EventStreamHandler):
    """Sends `test` five times and `complete`. `open_by_address` counts those under way, for the limit."""

    open_to_all = True

    _is_gone = False

    def initialize(self, open_by_address: dict[str, int]) -> None:  # type: ignore[override]
        """Take the server's count of open tests."""
        super().initialize()
        self._open = open_by_address

    def on_connection_close(self) -> None:
        """The client has gone: no need to be silent for it."""
        self._is_gone = True
        super().on_connection_close()

    @operation({200: str}, query=StreamTestQuery, media=EVENT_STREAM, refusals={429})
    async def get(self) -> None:
        """Stream the events. Raises Problem 429 past the limit of an address."""
        idle_s = self.campus.options.heartbeat_s if self.params(StreamTestQuery).idle else 0
        address, options = origin.place(self.address), self.campus.options
        if options.limits and self._open.get(address, 0) >= options.test_streams_per_address:
            sentence = "Too many open test streams from this address."
            raise self.campus.limits.turned_away.problem("test_streams", f"address {address}", sentence, EVENTS)
        self._open[address] = self._open.get(address, 0) + 1
        try:
            await self._send(idle_s)
        except StreamClosedError:
            return  # the client has seen enough
        finally:
            self._open[address] -= 1
            if not self._open[address]:
                del self._open[address]

    async def _send(self, idle_s: int) -> None:
        for name, value in self.stream_headers():
            self.set_header(name, value)
        for count in range(EVENTS):
            if count:
                await asyncio.sleep(INTERVAL_S)
            if self.campus.stopping:
                await self.finish()
                return
            data = {"count": count, "message": f"Test event {count}"}
            self.write(frame.encode("test", data | ({"idle_s": idle_s} if idle_s else {})))
            await self.flush()
        for _ in range(idle_s):
            await asyncio.sleep(1)
            if self.campus.stopping or self._is_gone:
                await self.finish()
                return
        self.write(frame.encode("complete", {"message": "Test complete"}))
        await self.finish()
