"""An attempt is over in time, whatever a server drips, and a stale one is made anew."""

from __future__ import annotations

import threading
import time
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from target_contentsquare.api.http.attempts import Attempts
from target_contentsquare.api.http.pool import MAX_ANSWER_BYTES, HttpPool
from target_contentsquare.errors import RetryableError
from tests.api.rig import OK, RawServer, answer, answers

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator

    Serve = Callable[[RawServer, socket.socket], None]

DRIP_SECONDS = 0.02
TIMEOUT = 0.3


@pytest.fixture
def attempts() -> Attempts:
    return Attempts(TIMEOUT, time.monotonic)


@pytest.fixture
def pool(attempts: Attempts) -> Iterator[HttpPool]:
    # The socket's own timeout is far away: what ends an attempt here is its deadline.
    with HttpPool(2, "tests", timeout=60, attempts=attempts) as pool:
        yield pool


def post(pool: HttpPool, url: str, written: list[str] | None = None) -> bytes:
    written = [] if written is None else written
    return pool.post(
        url, {}, b"{}", what="no answer", on_written=lambda: written.append("written")
    ).body


def drip(start: bytes, text: bytes) -> Serve:
    """Return what serves an answer that never ends, a text at a time."""

    def serve(server: RawServer, connection: socket.socket) -> None:
        server.read_request(connection)
        connection.sendall(start)
        while not server.stopping.wait(DRIP_SECONDS):
            connection.sendall(text)

    return serve


DRIPS = {
    "head": drip(b"HTTP/1.1 200 OK\r\n", b"X-Header: 1\r\n"),
    "body": drip(b"HTTP/1.1 200 OK\r\nContent-Length: 999999\r\n\r\n", b" "),
    "body without a length": drip(b"HTTP/1.1 200 OK\r\n\r\n", b" "),
    "chunks": drip(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"
    ),
    "Continue": drip(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "nothing": drip(b"", b""),
}


@pytest.mark.parametrize("drip", DRIPS)
def test_an_answer_that_trickles_is_over_at_the_deadline(
    pool: HttpPool, attempts: Attempts, drip: str
) -> None:
    with RawServer(DRIPS[drip]) as server:
        begun = time.monotonic()
        with (
            attempts.expiring(),
            pytest.raises(RetryableError, match=r"no answer \(timed out\)") as failed,
        ):
            post(pool, server.url)
        assert TIMEOUT <= time.monotonic() - begun < 10
    assert failed.value.cause == "timed out"
    assert failed.value.host == "127.0.0.1"


def test_a_handshake_that_trickles_is_over_at_the_deadline(
    pool: HttpPool, attempts: Attempts
) -> None:
    def serve(server: RawServer, connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"\x16\x03\x03\x40\x00")  # a record of 16 KB begins
        while not server.stopping.wait(DRIP_SECONDS):
            connection.sendall(b"\0")

    with RawServer(serve) as server:
        url = server.url.replace("http:", "https:")
        with attempts.expiring(), pytest.raises(RetryableError, match="timed out"):
            post(pool, url)


# A TLS socket made over a connection that is shut down is closed by nobody but Python.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_proxy_that_trickles_is_over_at_the_deadline(
    pool: HttpPool, attempts: Attempts, monkeypatch: pytest.MonkeyPatch
) -> None:
    with RawServer(DRIPS["head"]) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        with attempts.expiring(), pytest.raises(RetryableError, match="timed out"):
            post(pool, "https://contentsquare.invalid/")


def test_who_drives_delivery_can_end_all_attempts(
    pool: HttpPool, attempts: Attempts
) -> None:
    with RawServer(DRIPS["nothing"]) as server:
        written: list[str] = []

        def abort() -> None:
            while not written:
                time.sleep(0.001)
            attempts.abort_all()

        thread = threading.Thread(target=abort)
        thread.start()
        with pytest.raises(RetryableError, match="was not waited for"):
            post(pool, server.url, written)
        thread.join()
    assert attempts.pause(60), "nobody waits any more"


def test_an_attempt_that_is_over_does_not_end_the_next_one_on_its_connection(
    pool: HttpPool, attempts: Attempts
) -> None:
    with RawServer(answers(OK)) as server:
        for _ in range(3):
            post(pool, server.url)
            time.sleep(TIMEOUT / 2)
            attempts.expire()
    assert server.connections == 1


def test_a_pool_leaves_no_descriptors_behind(attempts: Attempts) -> None:
    def descriptors() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    before = descriptors()
    with RawServer(answers(answer(200, b"x", "Connection: close"))) as server:
        for _ in range(5):
            with HttpPool(1, "tests", timeout=5, attempts=attempts) as pool:
                post(pool, server.url)
    assert descriptors() == before


def closing_after(count: int, gone: threading.Event) -> Serve:
    """Return what closes a connection after so many answers."""

    def serve(server: RawServer, connection: socket.socket) -> None:
        for _ in range(count):
            server.read_request(connection)
            connection.sendall(OK)
        # The next request is read and not answered, as if it had crossed the close.
        server.read_request(connection)
        gone.set()

    return serve


def test_a_connection_that_the_server_closed_meanwhile_is_opened_anew_at_once(
    pool: HttpPool,
) -> None:
    gone = threading.Event()
    with RawServer(closing_after(1, gone)) as server:
        written: list[str] = []
        post(pool, server.url, written)
        assert post(pool, server.url, written) == b""
        assert gone.is_set()
    assert server.connections == 2
    assert len(server.requests) == len(written) == 3


def test_but_only_once(pool: HttpPool) -> None:
    def serve(server: RawServer, connection: socket.socket) -> None:
        if server.connections == 1:
            closing_after(1, threading.Event())(server, connection)
        else:
            server.read_request(connection)

    with RawServer(serve) as server:
        post(pool, server.url)
        with pytest.raises(RetryableError, match="closed the connection"):
            post(pool, server.url)
    assert server.connections == 2


def test_a_new_connection_that_is_closed_is_trouble(pool: HttpPool) -> None:
    with (
        RawServer(closing_after(0, threading.Event())) as server,
        pytest.raises(RetryableError, match="closed the connection"),
    ):
        post(pool, server.url)
    assert server.connections == 1


def test_of_an_answer_no_more_than_64_kb_are_read(pool: HttpPool) -> None:
    def serve(server: RawServer, connection: socket.socket) -> None:
        server.read_request(connection)
        connection.sendall(b"HTTP/1.1 500 No\r\nContent-Length: 536870912\r\n\r\n")
        while not server.stopping.is_set():
            connection.sendall(b"x" * 65536)

    with RawServer(serve) as server:
        assert post(pool, server.url) == b"x" * MAX_ANSWER_BYTES
        # Its connection can't be used again, and its place in the pool can.
        for _ in range(4):
            post(pool, server.url)
    assert server.connections == 5


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "GZIP"])
def test_what_an_answer_decompresses_to_counts(pool: HttpPool, encoding: str) -> None:
    bits = zlib.MAX_WBITS | (0 if encoding == "deflate" else 16)
    compressor = zlib.compressobj(9, zlib.DEFLATED, bits)
    bomb = compressor.compress(bytes(16 * 1024 * 1024)) + compressor.flush()
    given = answer(500, bomb, f"Content-Encoding: {encoding}")
    with RawServer(answers(given)) as server:
        assert post(pool, server.url) == bytes(MAX_ANSWER_BYTES)


def test_an_answer_that_is_not_what_its_encoding_says_is_empty(pool: HttpPool) -> None:
    given = answer(500, b"hello", "Content-Encoding: gzip")
    with RawServer(answers(given)) as server:
        assert post(pool, server.url) == b""
