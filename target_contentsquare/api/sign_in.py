"""Signing in: one token request, and what its answer means."""

from __future__ import annotations

import math
import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import msgspec

from target_contentsquare.api.http_errors import trouble_in
from target_contentsquare.api.safe_url import is_safe_url
from target_contentsquare.api.tokens import Token
from target_contentsquare.errors import AuthenticationError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from target_contentsquare.api.pool import Answer, HttpPool

#: Contentsquare's public documentation of the authentication endpoint.
PRODUCTION_AUTH_URL = "https://api.contentsquare.com/v1/oauth/token"
#: Names this API in a token request; no source states it, so it is a setting.
DEFAULT_SCOPE = "enrichment"

# A token is renewed this many seconds before it expires (they live for an hour),
# or a tenth of its life before where that is less.
_RENEWAL_SECONDS = 60.0
_RENEWAL_SHARE = 0.1
_TOKEN_TEXT = re.compile(r"[\x21-\x7e]+")


class TokenClient:
    """Signs in at Contentsquare's token endpoint. For many threads.

    Args:
        auth_url: HTTPS, but for a local sandbox.
        clock: Seconds that only go forward, for a token's life.
        wall_clock: Unix seconds, for a Retry-After that holds a date.
    """

    def __init__(
        self,
        pool: HttpPool,
        auth_url: str,
        credentials: Mapping[str, str],
        *,
        clock: Callable[[], float],
        wall_clock: Callable[[], float],
    ) -> None:
        self._pool = pool
        self._auth_url = auth_url
        self._credentials = credentials
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
        answer = self._post(project_id)
        trouble = trouble_in(answer, "the token endpoint", self._wall_clock())
        if trouble is not None:
            raise trouble
        if answer.status != HTTPStatus.OK:
            raise AuthenticationError(_refusal(answer.status, project_id))
        return self._read(answer, project_id, asked_at)

    def _post(self, project_id: int | None) -> Answer:
        asked: dict[str, Any] = {
            **self._credentials,
            "grant_type": "client_credentials",
        }
        if project_id is not None:
            asked["project_id"] = project_id
        body = msgspec.json.encode(asked)
        length = {"Content-Length": str(len(body))}
        what = "the token endpoint can't be reached"
        return self._pool.post(self._auth_url, length, [body], what)

    def _read(self, answer: Answer, project_id: int | None, asked_at: float) -> Token:
        try:
            grant = msgspec.json.decode(answer.body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            grant = None
        if not isinstance(grant, dict):
            msg = "the token endpoint's answer is not the documented JSON object"
            raise AuthenticationError(f"{msg}: check auth_url")
        life = _life_of(grant)
        return Token(
            value=_value_of(grant),
            endpoint=_endpoint_of(grant, self._auth_url),
            project_id=_project_of(grant, project_id),
            renew_at=asked_at + life - min(_RENEWAL_SECONDS, life * _RENEWAL_SHARE),
            expires_at=asked_at + life,
        )


def _refusal(status: int, project_id: int | None) -> str:
    project = "" if project_id is None else f" for project {project_id}"
    if status == HTTPStatus.FORBIDDEN:
        return (
            f"Contentsquare gives no token{project} (HTTP 403): use credentials that "
            "cover this project, or change project_id"
        )
    if 300 <= status < 400:  # noqa: PLR2004 - the redirects
        return (
            f"the token endpoint redirects (HTTP {status}) and redirects are not "
            "followed: correct auth_url"
        )
    if status in {HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED}:
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
