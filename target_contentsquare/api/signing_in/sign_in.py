"""Signing in: one token request, and what its answer means."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NoReturn

import msgspec

from target_contentsquare.api.error_names import status_and_name
from target_contentsquare.api.http.http_errors import RETRYABLE_STATUSES, trouble_in
from target_contentsquare.api.safe_url import is_safe_url
from target_contentsquare.api.signing_in.tokens import Token
from target_contentsquare.errors import (
    AuthenticationError,
    ProjectNotCoveredError,
    RetryableError,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from target_contentsquare.api.http.pool import Answer, HttpPool
    from target_contentsquare.api.signing_in.account import Account, Keyring

# Of a token whose answer does not say how long it lives: documented.
_USUAL_LIFE_SECONDS = 3600.0
# Over 30 years: no token lives so long, and floats can't hold every integer.
_LONGEST_LIFE_SECONDS = 1e9
# A token is renewed this many seconds before it expires (they live for an hour),
# or a tenth of its life before where that is less.
_RENEWAL_SECONDS = 60.0
_RENEWAL_SHARE = 0.1
_TOKEN_TEXT = re.compile(r"[\x21-\x7e]+")
_SECONDS_TEXT = re.compile(r"\d{1,9}(\.\d{1,9})?", re.ASCII)
_PROJECT_TEXT = re.compile(r"\d{1,19}", re.ASCII)
# Some pages of the documentation show the endpoint with its path, others without.
_ENDPOINT_PATH = "/v1/enrichments"
_SUCCESSES = {HTTPStatus.OK, HTTPStatus.CREATED}


class TokenClient:
    """Signs in at Contentsquare's token endpoint. For many threads.

    Args:
        auth_url: HTTPS, but for a local sandbox.
        scope: Which API the token is for.
        clock: Seconds that only go forward, for a token's life.
        wall_clock: Unix seconds, for a Retry-After that holds a date.
    """

    def __init__(  # noqa: PLR0913 - each is what a test replaces
        self,
        pool: HttpPool,
        auth_url: str,
        keyring: Keyring,
        *,
        scope: str,
        clock: Callable[[], float],
        wall_clock: Callable[[], float],
    ) -> None:
        self._pool = pool
        self._auth_url = auth_url
        self._keyring = keyring
        self._scope = scope
        self._clock = clock
        self._wall_clock = wall_clock
        self._statuses: set[int] = set()

    def sign_in(self, account: Account) -> Token:
        """Ask for a token, once.

        Raises:
            RetryableError: The endpoint can't be reached or is in trouble.
            ProjectNotCoveredError: It has no token for this project.
            AuthenticationError: It refuses, or answers what is not documented.
            ConfigError: The environment's proxy or certificates can't be used.
        """
        asked_at = self._clock()
        answer = self._post(account)
        self._statuses.add(answer.status)
        if answer.status in RETRYABLE_STATUSES:
            raise self._trouble(answer)
        if answer.status not in _SUCCESSES:
            _refuse(answer, account.project_id)
        return self._read(answer, account.project_id, asked_at)

    def _post(self, account: Account) -> Answer:
        credentials = self._keyring.credentials_for(account.project_id)
        integration_id = account.integration_id
        if integration_id is None:
            integration_id = credentials.integration_id
        asked: dict[str, Any] = {
            "client_id": credentials.client_id,
            "client_secret": credentials.client_secret,
            "grant_type": "client_credentials",
            "scope": self._scope,
            "project_id": account.project_id,
            "integration_id": integration_id,
        }
        given = {key: value for key, value in asked.items() if value is not None}
        what = "the token endpoint can't be reached"
        body = msgspec.json.encode(given)
        return self._pool.post(self._auth_url, {}, body, what=what)

    def _trouble(self, answer: Answer) -> RetryableError:
        """Return the error for an answer that a later attempt may turn into a token.

        It names the credentials if there has been no answer but 500: public code that
        uses this API remarks that it answers so to wrong ones.
        """
        trouble = trouble_in(answer, "the token endpoint", self._wall_clock())
        if self._statuses != {HTTPStatus.INTERNAL_SERVER_ERROR}:
            return trouble
        return RetryableError(
            f"{trouble}, which wrong credentials can cause too (check client_id and "
            "client_secret)",
            trouble.retry_after,
            cause=trouble.cause,
            host=trouble.host,
        )

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
            asked_at=asked_at,
        )


def _refuse(answer: Answer, project_id: int | None) -> NoReturn:
    """Raise the error that a refusal means."""
    status, told = answer.status, status_and_name(answer)
    project = "" if project_id is None else f" for project {project_id}"
    if status == HTTPStatus.FORBIDDEN:
        raise ProjectNotCoveredError(
            f"Contentsquare gives no token{project} ({told}): use credentials that "
            "cover this project, or change project_id",
            project_id,
        )
    if 300 <= status < 400:  # noqa: PLR2004 - the redirects
        raise AuthenticationError(
            f"the token endpoint redirects ({told}) and redirects are not "
            "followed: correct auth_url"
        )
    if status in {HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED}:
        raise AuthenticationError(
            f"there is no token endpoint at auth_url ({told}): correct it, or "
            "leave it out to sign in at Contentsquare"
        )
    hint = "" if project_id else "; account-level credentials also need project_id"
    raise AuthenticationError(
        f"Contentsquare refuses to sign in{project} ({told}): check client_id "
        f"and client_secret (they expire after a year) and oauth_scope{hint}"
    )


def _undocumented(key: str, expected: str) -> AuthenticationError:
    return AuthenticationError(
        f"the token endpoint's answer is not the documented JSON: '{key}' is not "
        f"{expected}: check auth_url"
    )


def _value_of(grant: dict[str, Any]) -> str:
    value = grant.get("access_token")
    # Anything else in a header would be an injection, or an exception that shows it.
    if not isinstance(value, str) or not _TOKEN_TEXT.fullmatch(value):
        raise _undocumented("access_token", "a token")
    return value


def _life_of(grant: dict[str, Any]) -> float:
    life = grant.get("expires_in")
    if life is None:
        return _USUAL_LIFE_SECONDS
    if isinstance(life, str) and _SECONDS_TEXT.fullmatch(life.strip()):
        life = float(life)
    if isinstance(life, bool) or not isinstance(life, (int, float)):
        raise _undocumented("expires_in", "a number of seconds")
    if not 0 < life <= _LONGEST_LIFE_SECONDS:
        raise _undocumented("expires_in", "from 0 to 1e9 seconds")
    return float(life)


def _project_of(grant: dict[str, Any], asked_for: int | None) -> int:
    project = grant.get("project_id")
    if isinstance(project, str) and _PROJECT_TEXT.fullmatch(project):
        project = int(project)
    if project is None and asked_for is not None:
        return asked_for
    if project is None:
        raise AuthenticationError(
            "Contentsquare does not say which project the credentials are for: set "
            "project_id"
        )
    if isinstance(project, bool) or not isinstance(project, int):
        raise _undocumented("project_id", "an integer")
    if asked_for is not None and project != asked_for:
        raise ProjectNotCoveredError(
            f"the token is for project {project}, not {asked_for}: use credentials "
            "that cover this project, or change project_id",
            asked_for,
        )
    return project


def _endpoint_of(grant: dict[str, Any], auth_url: str) -> str:
    """Return the endpoint without its path."""
    endpoint = grant.get("endpoint")
    if not isinstance(endpoint, str) or not is_safe_url(endpoint, auth_url):
        raise AuthenticationError(
            "the token response's 'endpoint' is not an https URL: nothing is sent to "
            "it; only a sandbox on this machine may do without"
        )
    return endpoint.rstrip("/").removesuffix(_ENDPOINT_PATH).rstrip("/")
