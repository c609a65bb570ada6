"""A server that answers byte for byte what a test wants."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from typing_extensions import Self

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


def answer(status: int, body: bytes = b"", *headers: str) -> bytes:
    """Return an answer as it is sent."""
    lines = [f"HTTP/1.1 {status} Answer", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


class RawServer:
    """Serves each connection in a thread of its own, on a free port of 127.0.0.1.

    Args:
        serve: Serves one connection, which is closed when it returns.

    Attributes:
        connections: How many there have been.
        requests: What `read_request` has read, in the order of its end.
        stopping: Set at the end, for those who wait.
    """

    def __init__(self, serve: Callable[[RawServer, socket.socket], None]) -> None:
        self._serve = serve
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads: list[threading.Thread] = []
        self._handles: list[socket.socket] = []
        self.connections = 0
        self.requests: list[bytes] = []
        self.stopping = threading.Event()

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def read_request(self, connection: socket.socket) -> bytes:
        """Return the next request of a connection, empty when there is none."""
        received = b""
        while (end := received.find(b"\r\n\r\n") + 4) < 4:
            if not (more := connection.recv(65536)):
                return b""
            received += more
        found = _LENGTH.search(received, 0, end)
        size = end + (int(found[1]) if found else 0)
        while len(received) < size:
            received += connection.recv(65536)
        self.requests.append(received)
        return received

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.connections += 1
                # TLS detaches the socket that it wraps.
                handle = connection.dup()
                self._handles.append(handle)
                arguments = (connection, handle)
                thread = threading.Thread(target=self._run, args=arguments)
                self._threads.append(thread)
                thread.start()

    def _run(self, connection: socket.socket, handle: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            self._serve(self, connection)
        shut_down(handle)

    def __enter__(self) -> Self:
        self._acceptor = threading.Thread(target=self._accept)
        self._acceptor.start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stopping.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._acceptor.join()
        for thread, handle in zip(self._threads, self._handles, strict=True):
            shut_down(handle)
            thread.join()
            handle.close()


def shut_down(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


def answers(*given: bytes) -> Callable[[RawServer, socket.socket], None]:
    """Return what serves one answer after the other, the last one again and again."""
    waiting = list(given)

    def serve(server: RawServer, connection: socket.socket) -> None:
        while server.read_request(connection):
            connection.sendall(waiting.pop(0) if len(waiting) > 1 else waiting[0])

    return serve
