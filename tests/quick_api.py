"""A server that accepts every request, for measurements.

The sandbox's checks would use the processor time that a measurement needs.
"""

from __future__ import annotations

import asyncio
import json
import re
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_OK = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b"


class QuickApi:
    """Serves in a thread of its own.

    Args:
        seconds: How long it waits before it answers a request with rows.

    Attributes:
        sizes: The number of rows of each request, in the order they arrived.
        at_once: Requests with rows that are not answered.
        most_at_once: The most of them there were.
        connections: The connections of requests with rows.
        began: When the first request with rows arrived, in seconds of the loop.
        ended: When the last request was answered.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.sizes: list[int] = []
        self.at_once = self.most_at_once = 0
        self.connections: set[object] = set()
        self.began = self.ended = 0.0
        self._started: Future[tuple[asyncio.AbstractEventLoop, int]] = Future()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))

    def __enter__(self) -> Self:
        self._thread.start()
        self._started.result()
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop, and cut the connections of requests in flight."""
        self._started.result()[0].call_soon_threadsafe(self._stop.set)
        self._thread.join()

    async def _serve(self) -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: _Connection(self), "127.0.0.1", 0)
        self._started.set_result((loop, server.sockets[0].getsockname()[1]))
        await self._stop.wait()
        server.close()

    @property
    def url(self) -> str:
        """The address of the server."""
        return f"http://127.0.0.1:{self._started.result()[1]}"

    def config(self, **changes: object) -> dict[str, Any]:
        """Return the settings of a target that sends to it."""
        return {
            "client_id": "quick",
            "client_secret": "quick",
            "auth_url": f"{self.url}/v1/oauth/token",
            "project_id": 162,
            "streams": {"*": {}},
            **changes,
        }

    @property
    def grant(self) -> bytes:
        """The answer to a token request: a token for the project that is asked for."""
        answer = {"access_token": "t", "expires_in": 3600, "endpoint": self.url}
        return json.dumps(answer).encode()


class _Connection(asyncio.Protocol):
    """A connection, on which one request follows the other."""

    def __init__(self, api: QuickApi) -> None:
        self._api = api
        self._loop = asyncio.get_running_loop()
        self._received = bytearray()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        end = self._received.find(b"\r\n\r\n") + 4
        found = _LENGTH.search(self._received, 0, end)
        if end > 3 and found and len(self._received) >= end + int(found[1]):
            body = bytes(self._received[end:])
            self._received.clear()
            self._take(body)

    def _take(self, body: bytes) -> None:
        api = self._api
        if b'"enrichments"' not in body:
            self._answer(api.grant)
            return
        api.began = api.began or self._loop.time()
        api.sizes.append(body.count(b'"userId"'))
        api.connections.add(self)
        api.at_once += 1
        api.most_at_once = max(api.most_at_once, api.at_once)
        self._loop.call_later(api.seconds, self._finish)

    def _finish(self) -> None:
        self._api.at_once -= 1
        self._api.ended = self._loop.time()
        self._answer(b"")

    def _answer(self, body: bytes) -> None:
        if self._transport is not None:
            self._transport.write(_OK % (len(body), body))
