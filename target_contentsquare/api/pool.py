"""The connections to Contentsquare: proxies and certificates are looked up once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import requests
from requests.adapters import HTTPAdapter

from target_contentsquare.api.http_errors import FOREIGN_ERRORS, own_error
from target_contentsquare.api.safe_url import is_loopback

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from types import TracebackType

    from typing_extensions import Self
    from urllib3 import HTTPConnectionPool

# Hosts that a run's projects may live on before connections are closed again.
_MAX_HOSTS = 32
#: Of an answer, no more than this is read.
MAX_ANSWER_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered; `body` has at most `MAX_ANSWER_BYTES`."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class HttpPool:
    """Makes POST requests over connections that stay open. For many threads.

    Proxies and certificates come from the environment, as always with requests, but
    are looked up once for each URL: to do so for each request took a third of its
    time. No cookies are kept, no `.netrc` is read, no redirect is followed, and
    addresses of this machine are reached without a proxy.

    Args:
        connections: Requests at the same time, to one host.
        user_agent: Sent with every request.
        timeout: Seconds, to connect and for each wait for the server.
    """

    def __init__(self, connections: int, user_agent: str, *, timeout: float) -> None:
        self._adapter: Any = HTTPAdapter(  # its types are those of an older version
            pool_connections=_MAX_HOSTS, pool_maxsize=connections, pool_block=True
        )
        self._headers = {"User-Agent": user_agent, "Content-Type": "application/json"}
        self._timeout = timeout
        self._routes: dict[str, _Route] = {}

    def post(
        self, url: str, headers: Mapping[str, str], body: Iterable[bytes], what: str
    ) -> Answer:
        """Send one request and return its answer.

        Args:
            headers: Besides those that every request has. With `Content-Length`.
            body: Its end is asked for when all before it has been written.
            what: What a failure of the network means; see `own_error`.

        Raises:
            RetryableError: The network, or the server, is in trouble.
            ConfigError: The environment's proxy or certificates can't be used.
        """
        try:
            route = self._routes.get(url) or self._resolve(url)
            return self._exchange(route, {**self._headers, **headers}, body)
        except FOREIGN_ERRORS as error:
            failure = own_error(error, what)
        try:
            raise failure
        finally:
            del failure  # or its traceback, this frame and it are a reference cycle

    def _exchange(
        self, route: _Route, headers: dict[str, str], body: Iterable[bytes]
    ) -> Answer:
        response = route.pool.urlopen(
            "POST",
            route.target,
            body=body,
            headers=headers,
            redirect=False,
            retries=False,
            assert_same_host=False,
            timeout=self._timeout,
            preload_content=False,
        )
        try:
            start = response.read(MAX_ANSWER_BYTES, decode_content=False)
            if len(start) == MAX_ANSWER_BYTES:
                response.close()  # what is left of it is not waited for
        finally:
            response.release_conn()
        return Answer(response.status, response.headers, start)

    def _resolve(self, url: str) -> _Route:
        request: Any = requests.Request("POST", url).prepare()
        with requests.Session() as session:
            settings: Any = session.merge_environment_settings(
                url, {}, stream=None, verify=None, cert=None
            )
        proxies = {} if is_loopback(url) else settings["proxies"]
        verify = settings["verify"]
        pool = self._adapter.get_connection_with_tls_context(request, verify, proxies)
        self._adapter.cert_verify(pool, url, verify, None)
        route = _Route(pool, self._adapter.request_url(request, proxies))
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
class _Route:
    """The connections for a URL, and what their request line names.

    Attributes:
        target: The URL's path or, through a proxy for plain HTTP, the whole URL.
    """

    pool: HTTPConnectionPool
    target: str
