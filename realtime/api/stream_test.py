"""`GET sse/test/`: five events, one a second, for people who want to see whether streams reach them. No token."""

from __future__ import annotations

import asyncio

from tornado.iostream import StreamClosedError

from realtime import frame
from realtime.api.operation import operation
from realtime.api.problem import Problem
from realtime.api.stream import EVENT_STREAM, EventStreamHandler

EVENTS = 5
INTERVAL_S = 1.0


class StreamTestHandler(EventStreamHandler):
    """Sends `test` five times and `complete`. `open_by_address` counts those under way, for the limit."""

    open_to_all = True

    def initialize(self, open_by_address: dict[str, int]) -> None:  # type: ignore[override]
        """Take the server's count of open tests."""
        super().initialize()
        self._open = open_by_address

    @operation({200: str}, media=EVENT_STREAM)
    async def get(self) -> None:
        """Stream the events. Raises Problem 429 past the limit of an address."""
        address, options = self.address, self.campus.options
        if options.limits and self._open.get(address, 0) >= options.test_streams_per_address:
            raise Problem(429, "Too many open test streams from this address.", {"Retry-After": "5"})
        self._open[address] = self._open.get(address, 0) + 1
        try:
            await self._send()
        except StreamClosedError:
            return  # the client has seen enough
        finally:
            self._open[address] -= 1
            if not self._open[address]:
                del self._open[address]

    async def _send(self) -> None:
        for name, value in self.stream_headers():
            self.set_header(name, value)
        for count in range(EVENTS):
            if count:
                await asyncio.sleep(INTERVAL_S)
            if self.campus.stopping:
                await self.finish()
                return
            self.write(frame.encode("test", {"count": count, "message": f"Test event {count}"}))
            await self.flush()
        self.write(frame.encode("complete", {"message": "Test complete"}))
        await self.finish()
