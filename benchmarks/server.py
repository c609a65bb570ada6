"""A server in place of Contentsquare that takes little processor time.

`python -m benchmarks.server --latency 0.1` runs it as a process, which prints the port
that it listens on. `GET /received` returns what has arrived.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import sys
from dataclasses import asdict, dataclass
from typing import Any

_OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


@dataclass(slots=True)
class Received:
    """What has arrived.

    Attributes:
        checksum: Checksum of all enrichments, independent of their order and batches.
            It is computed only if it is asked for, since it takes time.
    """

    requests: int = 0
    rows: int = 0
    body_bytes: int = 0
    checksum: int = 0

    def add(self, body: bytes, *, checksum: bool) -> None:
        """Count a batch."""
        self.requests += 1
        self.rows += body.count(b'"userId"')
        self.body_bytes += len(body)
        if checksum:
            self.checksum = (self.checksum + _sum_of(body)) % 2**64


def _sum_of(body: bytes) -> int:
    batch = json.loads(body)
    rows = batch.pop("enrichments")
    return sum(_number_of([batch, row]) for row in rows)


def _number_of(value: Any) -> int:
    text = json.dumps(value, sort_keys=True).encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big")


class Connection(asyncio.Protocol):
    """The connection of a client; reads only the first line and length of a request."""

    def __init__(self, received: Received, latency: float, *, checksum: bool) -> None:
        self._received = received
        self._latency = latency
        self._checksum = checksum
        self._buffer = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport for the answers."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - TCP gives these
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer every request that is complete."""
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = bytes(self._buffer[:end]).lower()
            size = end + 4 + _content_length(head)
            if len(self._buffer) < size:
                return
            body = bytes(self._buffer[end + 4 : size])
            del self._buffer[:size]
            self._answer(head, body)

    def _answer(self, head: bytes, body: bytes) -> None:
        if head.startswith(b"post /v1/enrichments "):
            self._received.add(body, checksum=self._checksum)
            loop = asyncio.get_running_loop()
            if self._latency:
                loop.call_later(self._latency, self._transport.write, _OK)
            else:
                self._transport.write(_OK)
        elif head.startswith(b"post /token "):
            self._transport.write(_json(self._token()))
        else:
            self._transport.write(_json(asdict(self._received)))

    def _token(self) -> dict[str, Any]:
        host, port = self._transport.get_extra_info("sockname")
        return {
            "access_token": "not-a-secret",
            "expires_in": 3600,
            "project_id": 162,
            "endpoint": f"http://{host}:{port}",
        }


def _content_length(head: bytes) -> int:
    _, name, rest = head.partition(b"\r\ncontent-length:")
    return int(rest.split(b"\r\n", 1)[0]) if name else 0


def _json(value: Any) -> bytes:
    body = json.dumps(value).encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n"
    return f"{head}Content-Type: application/json\r\n\r\n".encode() + body


async def serve(port: int, latency: float, *, checksum: bool) -> None:
    """Serve until the process ends."""
    received = Received()
    server = await asyncio.get_running_loop().create_server(
        lambda: Connection(received, latency, checksum=checksum), "127.0.0.1", port
    )
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


def main() -> None:
    """Run the server with the options of the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--latency", type=float, default=0.0)
    parser.add_argument("--checksum", action="store_true")
    options = parser.parse_args()
    asyncio.run(serve(options.port, options.latency, checksum=options.checksum))


if __name__ == "__main__":
    main()
