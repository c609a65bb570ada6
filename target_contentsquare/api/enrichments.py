"""One POST to the Enrichment API: the batch as JSON, the answer as an error or not."""

from __future__ import annotations

import re
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec
import requests
from requests.adapters import BaseAdapter, HTTPAdapter

from target_contentsquare.api.http_errors import own_errors
from target_contentsquare.delivery.retry import RETRYABLE_STATUSES, parse_retry_after
from target_contentsquare.errors import (
    ApiError,
    BatchRefusedError,
    RetryableError,
    TokenRefusedError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from target_contentsquare.api.tokens import Token
    from target_contentsquare.enrichment import Batch

# Clouds that a run's projects may live on, without connections being closed.
_MAX_HOSTS = 32

# The answers that the API's description names; what else it says stays unsaid, since it
# could repeat a row's values.
_REFUSED = "match expected payload"
_BAD_VERSION = "bad integration version"
_ERROR_CODE = re.compile(r"[A-Z][A-Z_]{2,40}")


def new_session(connections: int, user_agent: str) -> requests.Session:
    """Make a session that keeps one connection open per request in flight.

    Proxies and certificates come from the environment as always with requests, but are
    read once: looking for them again costs a third of every request. A `.netrc` is not
    read, since it would replace the token. Cookies are not kept.
    """
    session = requests.Session()
    session.headers.clear()
    session.headers["User-Agent"] = user_agent
    # Without an authorization of its own, requests looks for one in ~/.netrc.
    session.auth = _leave_as_is
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    adapter = _FewUrlsAdapter(
        pool_connections=_MAX_HOSTS, pool_maxsize=connections, pool_block=True
    )
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


class _FewUrlsAdapter(HTTPAdapter):
    """Does once what is the same each time: a fifth of what a request costs.

    Safe because a session's URLs are few, and its certificates and proxies the same.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._pools: dict[str | None, Any] = {}
        self._targets: dict[str | None, str] = {}

    def get_connection_with_tls_context(
        self, request: requests.PreparedRequest, *args: Any, **options: Any
    ) -> Any:
        """Give the pool that `HTTPAdapter` gives."""
        pool = self._pools.get(request.url)
        if pool is None:
            pool = super().get_connection_with_tls_context(request, *args, **options)
            self._pools[request.url] = pool
        return pool

    def build_response(self, req: requests.PreparedRequest, resp: Any) -> Any:
        """Give the answer without what nobody asks of it, such as its cookies."""
        response = requests.Response()
        response.status_code = resp.status
        response.headers = resp.headers
        response.raw = resp
        response.url, response.request = req.url or "", req
        return response

    def request_url(self, request: requests.PreparedRequest, proxies: Any) -> str:
        """Give the request target that `HTTPAdapter` gives."""
        target = self._targets.get(request.url)
        if target is None:
            target = super().request_url(request, proxies)
            self._targets[request.url] = target
        return target


def _leave_as_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


#: Where to, the headers, the adapter that sends it, and the settings it needs.
_Prepared: TypeAlias = tuple[str, dict[str, str], BaseAdapter, dict[str, Any]]


class EnrichmentApi:
    """Sends batches, each with one POST. May be used by many threads.

    Args:
        timeout: Seconds, for one attempt.
        wall_clock: Unix seconds, for a Retry-After that holds a date.
        on_written: Called once a request is written, before its answer is awaited, in
            the thread that makes it.
    """

    def __init__(
        self,
        session: requests.Session,
        *,
        timeout: float,
        wall_clock: Callable[[], float],
        on_written: Callable[[], None],
    ) -> None:
        self._session = session
        self._timeout = timeout
        self._wall_clock = wall_clock
        self._on_written = on_written
        self._encode = msgspec.json.Encoder().encode
        self._prepared: dict[Token, _Prepared] = {}

    def send(self, token: Token, batch: Batch) -> None:
        """Send a batch; returning means that Contentsquare took it whole.

        Raises:
            TokenRefusedError: 401.
            BatchRefusedError: 400, at least one row is wrong.
            RetryableError: No answer, or 408, 425, 429, 5xx.
            ApiError: Any other answer.
        """
        response = self._post(token, self.payload(token.project_id, batch))
        if response.status_code != requests.codes.ok:
            raise self._error(response, batch, token)

    def payload(self, project_id: int, batch: Batch) -> bytes:
        """Encode a batch as the API's JSON."""
        return self._encode(
            {
                "integrationVersion": batch.integration_version,
                "projectId": project_id,
                "enrichments": [row.enrichment for row in batch.rows.values()],
            }
        )

    def _post(self, token: Token, body: bytes) -> requests.Response:
        prepared = self._prepared.get(token) or self._prepare(token)
        url, headers, adapter, settings = prepared
        request = requests.PreparedRequest()
        request.method, request.url = "POST", url
        # An iterable, whose end is asked for when all before it is written.
        request.body = self._chunks(body)  # type: ignore[assignment] # its types say bytes
        # A plain dict: all names are written one way, so their case need not matter.
        request.headers = {**headers, "Content-Length": str(len(body))}  # type: ignore[assignment] # not the usual one
        with own_errors("no answer from Contentsquare"):
            # Not through the session, which would look for cookies, hooks and
            # redirects, of which there are none: a third of what a request costs.
            response = adapter.send(request, timeout=self._timeout, **settings)
            if response.status_code == requests.codes.ok:
                # Emptied, so that the connection can be used again.
                response.raw.drain_conn()
            else:
                _ = response.content
        return response

    def _chunks(self, body: bytes) -> Iterator[bytes]:
        yield body
        self._on_written()

    def _prepare(self, token: Token) -> _Prepared:
        """What all requests with this token have in common, put together once."""
        url = f"{token.endpoint}/v1/enrichments"
        request = requests.Request(
            "POST",
            url,
            headers={
                "Authorization": f"Bearer {token.value}",
                "Content-Type": "application/json",
            },
        )
        settings: Any = self._session.merge_environment_settings(
            url, {}, stream=False, verify=None, cert=None
        )
        prepared = self._session.prepare_request(request)
        adapter = self._session.get_adapter(url)
        entry = (prepared.url or url, dict(prepared.headers), adapter, settings)
        self._prepared = {token: entry, **dict(list(self._prepared.items())[:31])}
        return entry

    def _error(
        self, response: requests.Response, batch: Batch, token: Token
    ) -> Exception:
        status = response.status_code
        if status == requests.codes.unauthorized:
            return TokenRefusedError("HTTP 401")
        if status in RETRYABLE_STATUSES:
            wait = parse_retry_after(
                response.headers.get("Retry-After"), self._wall_clock()
            )
            return RetryableError(f"Contentsquare answered HTTP {status}", wait)
        message, code = _words_of(response)
        if status == requests.codes.bad_request and _REFUSED in message:
            return BatchRefusedError("HTTP 400")
        if status == requests.codes.bad_request and _BAD_VERSION in message:
            return ApiError(
                f"project {token.project_id} has no integration version "
                f"{batch.integration_version} (HTTP 400, bad integration version): "
                "set integration_version to a registered one"
            )
        return ApiError(_unexpected(status, code, token))


def _unexpected(status: int, code: str, token: Token) -> str:
    answer = f"HTTP {status}{f', {code}' if code else ''}"
    if status == requests.codes.forbidden:
        return (
            f"Contentsquare forbids to enrich project {token.project_id} ({answer}): "
            "use credentials that cover this project, or change project_id"
        )
    if 300 <= status < 400:  # noqa: PLR2004 - the redirects
        return (
            f"the endpoint of project {token.project_id} redirects ({answer}) and "
            "redirects are not followed: tell Contentsquare's support"
        )
    return (
        f"Contentsquare answered {answer} to a batch for project {token.project_id}, "
        "which trying again does not cure: look for this answer in its documentation"
    )


def _words_of(response: requests.Response) -> tuple[str, str]:
    """The message and the error code of an answer, empty where it has none."""
    try:
        answer = response.json()
    except (ValueError, RecursionError):
        return "", ""
    if not isinstance(answer, dict):
        return "", ""
    message, code = answer.get("message"), answer.get("errorCode")
    return (
        message if isinstance(message, str) else "",
        code if isinstance(code, str) and _ERROR_CODE.fullmatch(code) else "",
    )
