"""A token per project: asked for once, renewed early, shared by all requests."""

from __future__ import annotations

import math
import re
import threading
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

import requests

from target_contentsquare.api.http_errors import own_errors
from target_contentsquare.delivery.retry import RETRYABLE_STATUSES, parse_retry_after
from target_contentsquare.errors import (
    AuthenticationError,
    ContentsquareTargetError,
    RetryableError,
    TokenRefusedError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping

T = TypeVar("T")

#: Contentsquare's public documentation of the authentication endpoint.
PRODUCTION_AUTH_URL = "https://api.contentsquare.com/v1/oauth/token"
#: Names this API in a token request; no source states it, so it is a setting.
DEFAULT_SCOPE = "enrichment"

# A token is renewed this many seconds before it expires (they live for an hour),
# or a tenth of its life before where that is less.
_RENEWAL_SECONDS = 60.0
_RENEWAL_SHARE = 0.1
_URL_TEXT = re.compile(r"[\x21-\x7e]+")
_HOST = re.compile(r"[\w.:-]+", re.ASCII)
_TOKEN_TEXT = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True, slots=True)
class Token:
    """Leave to send to one project, at the endpoint where that project lives."""

    value: str = field(repr=False)
    endpoint: str
    project_id: int
    renew_at: float
    expires_at: float


class TokenClient:
    """Signs in at Contentsquare's token endpoint.

    Args:
        session: Its proxies and certificates are used; redirects are not followed.
        auth_url: HTTPS, but for a local sandbox.
        timeout: Seconds, for one attempt.
        clock: Seconds that only go forward, for a token's life.
        wall_clock: Unix seconds, for a Retry-After that holds a date.
    """

    def __init__(  # noqa: PLR0913 - each is what a test replaces
        self,
        session: requests.Session,
        auth_url: str,
        credentials: Mapping[str, str],
        *,
        timeout: float,
        clock: Callable[[], float],
        wall_clock: Callable[[], float],
    ) -> None:
        self._session = session
        self._auth_url = auth_url
        self._credentials = credentials
        self._timeout = timeout
        self._clock = clock
        self._wall_clock = wall_clock

    def sign_in(self, project_id: int | None) -> Token:
        """Ask for a token, once.

        Args:
            project_id: None for project-level credentials, which know theirs.

        Raises:
            RetryableError: The endpoint can't be reached or is in trouble.
            AuthenticationError: It refuses, or answers what is not documented.
        """
        asked_at = self._clock()
        response = self._post(project_id)
        status = response.status_code
        if status in RETRYABLE_STATUSES:
            wait = parse_retry_after(
                response.headers.get("Retry-After"), self._wall_clock()
            )
            msg = f"the token endpoint answered HTTP {status}"
            raise RetryableError(msg, wait)
        if status != requests.codes.ok:
            raise AuthenticationError(_refusal(status, project_id))
        return self._read(response, project_id, asked_at)

    def _post(self, project_id: int | None) -> requests.Response:
        body: dict[str, Any] = {**self._credentials, "grant_type": "client_credentials"}
        if project_id is not None:
            body["project_id"] = project_id
        with own_errors("the token endpoint can't be reached"):
            return self._session.post(
                self._auth_url,
                json=body,
                timeout=self._timeout,
                allow_redirects=False,
            )

    def _read(
        self, response: requests.Response, project_id: int | None, asked_at: float
    ) -> Token:
        try:
            answer = response.json()
        except (ValueError, RecursionError):
            answer = None
        if not isinstance(answer, dict):
            msg = "the token endpoint's answer is not the documented JSON object"
            raise AuthenticationError(f"{msg}: check auth_url")
        life = _life_of(answer)
        return Token(
            value=_value_of(answer),
            endpoint=_endpoint_of(answer, self._auth_url),
            project_id=_project_of(answer, project_id),
            renew_at=asked_at + life - min(_RENEWAL_SECONDS, life * _RENEWAL_SHARE),
            expires_at=asked_at + life,
        )


def _refusal(status: int, project_id: int | None) -> str:
    project = "" if project_id is None else f" for project {project_id}"
    if status == requests.codes.forbidden:
        return (
            f"Contentsquare gives no token{project} (HTTP 403): use credentials that "
            "cover this project, or change project_id"
        )
    if 300 <= status < 400:  # noqa: PLR2004 - the redirects
        return (
            f"the token endpoint redirects (HTTP {status}) and redirects are not "
            "followed: correct auth_url"
        )
    if status in {requests.codes.not_found, requests.codes.method_not_allowed}:
        return (
            f"there is no token endpoint at auth_url (HTTP {status}): correct it, or "
            "leave it out to sign in at Contentsquare"
        )
    hint = "" if project_id else "; account-level credentials also need project_id"
    return (
        f"Contentsquare refuses to sign in{project} (HTTP {status}): check client_id "
        f"and client_secret (they expire after a year) and oauth_scope{hint}"
    )


def _undocumented(key: str, expected: str) -> AuthenticationError:
    return AuthenticationError(
        f"the token endpoint's answer is not the documented JSON: '{key}' is not "
        f"{expected}: check auth_url"
    )


def _value_of(answer: dict[str, Any]) -> str:
    value = answer.get("access_token")
    # Anything else in a header would be an injection, or an exception that shows it.
    if not isinstance(value, str) or not _TOKEN_TEXT.fullmatch(value):
        raise _undocumented("access_token", "a token")
    return value


def _life_of(answer: dict[str, Any]) -> float:
    life = answer.get("expires_in")
    if isinstance(life, bool) or not isinstance(life, (int, float)):
        raise _undocumented("expires_in", "a number of seconds")
    if not (math.isfinite(life) and life > 0):
        raise _undocumented("expires_in", "more than 0 seconds")
    return float(life)


def _project_of(answer: dict[str, Any], asked_for: int | None) -> int:
    project = answer.get("project_id")
    if isinstance(project, str) and project.isascii() and project.isdigit():
        project = int(project)
    if isinstance(project, bool) or not isinstance(project, int):
        raise _undocumented("project_id", "an integer")
    if asked_for is not None and project != asked_for:
        msg = (
            f"the token is for project {project}, not {asked_for}: use credentials "
            "that cover this project, or change project_id"
        )
        raise AuthenticationError(msg)
    return project


def _endpoint_of(answer: dict[str, Any], auth_url: str) -> str:
    endpoint = answer.get("endpoint")
    if not isinstance(endpoint, str) or not is_safe_url(endpoint, auth_url):
        msg = (
            "the token response's 'endpoint' is not an https URL: nothing is sent to "
            "it; only a sandbox on this machine may do without"
        )
        raise AuthenticationError(msg)
    return endpoint.rstrip("/")


def is_safe_url(url: str, auth_url: str | None = None) -> bool:
    """Say whether a secret or a token may be sent there.

    HTTPS may; plain HTTP only on this machine and, for an endpoint, only if `auth_url`,
    which names it, is on this machine too.
    """
    if not _URL_TEXT.fullmatch(url):
        return False
    try:
        parts = urlsplit(url)
        host = parts.hostname
        _ = parts.port  # raises if it is not a number
    except ValueError:
        return False
    if (
        not _HOST.fullmatch(host or "")
        or parts.username is not None
        or parts.query
        or parts.fragment
    ):
        return False
    if parts.scheme == "https":
        return True
    return parts.scheme == "http" and all(
        _is_loopback(one) for one in (url, auth_url or url)
    )


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


class _Slot:
    """One project's token, and the lock under which it is renewed."""

    __slots__ = ("attempts", "failure", "lock", "token")

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.token: Token | None = None
        self.attempts = 0
        self.failure: ContentsquareTargetError | None = None


class Tokens:
    """The tokens of a run, by project. May be used by many threads.

    Args:
        sign_in: Asks for a project's token, such as `TokenClient.sign_in`.
        clock: The clock that `Token.renew_at` is read on.
    """

    def __init__(
        self, sign_in: Callable[[int | None], Token], clock: Callable[[], float]
    ) -> None:
        self._sign_in = sign_in
        self._clock = clock
        self._slots: dict[Hashable, _Slot] = {}

    def call(self, project_id: int | None, request: Callable[[Token], T]) -> T:
        """Make a request with the project's token, and once more if that is refused.

        Raises:
            AuthenticationError: A fresh token is refused as well, or none is given.
            RetryableError: The token endpoint is in trouble.
        """
        token = self.get(project_id)
        try:
            return request(token)
        except TokenRefusedError:
            fresh = self.get(project_id, refused=token)
        try:
            return request(fresh)
        except TokenRefusedError:
            msg = (
                f"Contentsquare refuses a fresh token for project {fresh.project_id} "
                "(HTTP 401 twice): check that the credentials are meant for the "
                "Enrichment API (oauth_scope)"
            )
            raise AuthenticationError(msg) from None

    def get(self, project_id: int | None, *, refused: Token | None = None) -> Token:
        """Give the project's token, a new one if it is about to expire or was refused.

        Those who wait while another asks share what it gets, a failure too: a token
        endpoint in trouble sees one request, not one for each batch in flight.
        """
        slot = self._slots.setdefault(project_id, _Slot())
        attempts = slot.attempts
        with slot.lock:
            if slot.token is not None and slot.token == refused:
                slot.token = None
            if slot.token is None or self._clock() >= slot.token.renew_at:
                if slot.attempts == attempts:
                    self._renew(slot, project_id)
                if slot.failure is not None and not self._is_good_for_now(slot):
                    raise slot.failure
            assert slot.token is not None  # noqa: S101 - there is one, or a failure
            return slot.token

    def _is_good_for_now(self, slot: _Slot) -> bool:
        """Trouble at the token endpoint is none while the old token lasts."""
        return (
            isinstance(slot.failure, RetryableError)
            and slot.token is not None
            and self._clock() < slot.token.expires_at
        )

    def _renew(self, slot: _Slot, project_id: int | None) -> None:
        slot.failure = None
        try:
            slot.token = self._sign_in(project_id)
        except ContentsquareTargetError as error:
            slot.failure = error
        finally:
            # At its end, so that all who came while it went on see that it was made.
            slot.attempts += 1
