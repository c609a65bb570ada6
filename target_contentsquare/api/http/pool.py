"""POST requests to Contentsquare over connections that stay open."""

from __future__ import annotations

import threading
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError

from target_contentsquare.api.http.http_errors import (
    drop_frames,
    own_error,
    was_closed_before_an_answer,
)
from target_contentsquare.api.http.route import Route, find_route
from target_contentsquare.api.http.watched_connection import watch_connections
from target_contentsquare.errors import ContentsquareTargetError, RetryableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from types import TracebackType

    from typing_extensions import Self
    from urllib3 import HTTPHeaderDict

    from target_contentsquare.api.http.attempts import Attempt, Attempts

# Hosts that a run's projects may live on before connections are closed again.
_MAX_HOSTS = 32
#: Of an answer no more than this is read, and no more of what it decompresses to.
MAX_ANSWER_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered; `body` has at most `MAX_ANSWER_BYTES`."""

    status: int
    headers: HTTPHeaderDict
    body: bytes
    host: str


class HttpPool:
    """Makes POST requests over connections that stay open. For many threads.

    How a URL is reached is looked up once: to do so for each request took a third of
    its time. No cookies are kept, no `.netrc` is read, no redirect is followed.

    Args:
        connections: Requests at the same time, to one host.
        user_agent: Sent with every request.
        timeout: Seconds, to connect and for each wait for the server.
        attempts: Counts the requests that are being made, and ends those that take too
            long.
    """

    def __init__(
        self, connections: int, user_agent: str, *, timeout: float, attempts: Attempts
    ) -> None:
        self._adapter = HTTPAdapter(
            pool_connections=_MAX_HOSTS, pool_maxsize=connections, pool_block=True
        )
        self._headers = {"User-Agent": user_agent, "Content-Type": "application/json"}
        self._timeout = timeout
        self._attempts = attempts
        self._lock = threading.Lock()
        self._routes: dict[str, Route] = {}

    def post(
        self,
        url: str,
        headers: Mapping[str, str],
        body: bytes,
        *,
        what: str,
        on_written: Callable[[], None] = lambda: None,
    ) -> Answer:
        """Send one request and return its answer.

        A connection that was open and that the server has closed meanwhile is opened
        anew at once, and the request sent again, once.

        Args:
            headers: Besides those that every request has.
            what: What a failure of the network means; see `own_error`.
            on_written: Called when the request is written, before its answer is
                awaited; twice if it had to be sent again.

        Raises:
            RetryableError: The network, or the server, is in trouble.
            ConfigError: The environment's proxy or certificates can't be used.
        """
        request = _Request(
            self._routes.get(url) or self._find_route(url),
            {**self._headers, **headers, "Content-Length": str(len(body))},
            body,
            on_written,
            what,
        )
        with self._attempts.begin() as attempt:
            try:
                answer = self._exchange(request, attempt)
            except HTTPError as error:
                failure = _failure(error, request, attempt)
            else:
                if attempt.ended is None:
                    return answer
                failure = _ended(request, attempt)
        try:
            raise failure
        finally:
            del failure  # or its traceback, this frame and it are a reference cycle

    def _exchange(self, request: _Request, attempt: Attempt) -> Answer:
        try:
            response = self._open(request)
        except HTTPError as error:
            is_stale = attempt.is_on_used_connection and attempt.ended is None
            if not (is_stale and was_closed_before_an_answer(error)):
                raise
            drop_frames(error)
            attempt.needs_new_connection = True
            response = self._open(request)
        return _read(response, request.host)

    def _open(self, request: _Request) -> Any:
        """Send a request and return the head of its answer, the body yet unread."""
        return request.route.pool.urlopen(
            "POST",
            request.route.target,
            body=request.chunks(),
            headers=request.headers,
            redirect=False,
            retries=False,
            assert_same_host=False,
            timeout=self._timeout,
            preload_content=False,
        )

    def _find_route(self, url: str) -> Route:
        with self._lock:
            route = find_route(self._adapter, url)
            watch_connections(route.pool, self._attempts)
            self._routes[url] = route
        return route

    def close(self) -> None:
        """Close all connections."""
        self._adapter.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


@dataclass(frozen=True, slots=True)
class _Request:
    """One POST, which may be sent a second time."""

    route: Route
    headers: dict[str, str]
    body: bytes
    on_written: Callable[[], None]
    what: str

    @property
    def host(self) -> str:
        """Who is asked."""
        return self.route.host

    def chunks(self) -> Iterator[bytes]:
        """Give the body; its end is asked for when all before it is written."""
        yield self.body
        self.on_written()


def _read(response: Any, host: str) -> Answer:
    """Return the answer whose head has been read."""
    body = b""
    try:
        # The library notices a body that was cut when it is read beyond its end.
        while more := response.read(MAX_ANSWER_BYTES - len(body), decode_content=False):
            body += more
        if len(body) == MAX_ANSWER_BYTES:
            response.close()  # what is left of it is not waited for
    finally:
        response.release_conn()
    body = _decompress(body, response.headers.get("Content-Encoding", ""))
    return Answer(response.status, response.headers, body, host)


def _failure(
    error: HTTPError, request: _Request, attempt: Attempt
) -> ContentsquareTargetError:
    """Return our error; one for the attempt's end has none of the library's in it."""
    failure = own_error(error, request.host, request.what)
    return failure if attempt.ended is None else _ended(request, attempt)


def _ended(request: _Request, attempt: Attempt) -> RetryableError:
    return RetryableError(
        f"{request.what} ({attempt.ended})",
        cause=attempt.ended,
        host=request.host,
    )


def _decompress(body: bytes, encoding: str) -> bytes:
    """Return what a body means; empty if that can't be told.

    Requests ask for no compression. Some gateways compress all the same.
    """
    if encoding.strip().lower() not in {"gzip", "x-gzip", "deflate"}:
        return body
    try:
        decompressor = zlib.decompressobj(zlib.MAX_WBITS | 32)  # finds out which
        return decompressor.decompress(body, MAX_ANSWER_BYTES)
    except zlib.error:
        return b""
