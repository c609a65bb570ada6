"""One POST to the Enrichment API: a batch as JSON, the answer as an error or not."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import msgspec

from target_contentsquare.api.http_errors import trouble_in
from target_contentsquare.errors import (
    ApiError,
    BatchRefusedError,
    TokenRefusedError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from target_contentsquare.api.pool import Answer, HttpPool
    from target_contentsquare.api.tokens import Token
    from target_contentsquare.enrichment import Enrichment

# The answers that the API's description names; what else it says stays unsaid, since it
# could repeat a row's values.
_REFUSED = "match expected payload"
_BAD_VERSION = "bad integration version"
_ERROR_CODE = re.compile(r"[A-Z][A-Z_]{2,40}")


class EnrichmentApi:
    """Sends enrichments, each batch with one POST. For many threads.

    Args:
        wall_clock: Unix seconds, for a Retry-After that holds a date.
        on_written: Called once a request is written, before its answer is awaited, in
            the thread that makes it.
    """

    def __init__(
        self,
        pool: HttpPool,
        *,
        wall_clock: Callable[[], float],
        on_written: Callable[[], None],
    ) -> None:
        self._pool = pool
        self._wall_clock = wall_clock
        self._on_written = on_written
        self._encode = msgspec.json.Encoder().encode

    def send(
        self,
        token: Token,
        integration_version: int,
        enrichments: Sequence[Enrichment],
    ) -> None:
        """Send a batch; returning means that Contentsquare took it whole.

        Raises:
            TokenRefusedError: 401.
            BatchRefusedError: 400, at least one row is wrong.
            RetryableError: No answer, or 408, 425, 429, 5xx.
            ApiError: Any other answer.
        """
        body = self.payload(token.project_id, integration_version, enrichments)
        headers = {
            "Authorization": f"Bearer {token.value}",
            "Content-Length": str(len(body)),
        }
        answer = self._pool.post(
            f"{token.endpoint}/v1/enrichments",
            headers,
            self._chunks(body),
            "no answer from Contentsquare",
        )
        if answer.status != HTTPStatus.OK:
            raise self._error(answer, integration_version, token)

    def payload(
        self,
        project_id: int,
        integration_version: int,
        enrichments: Sequence[Enrichment],
    ) -> bytes:
        """Return a batch as the API's JSON."""
        return self._encode(
            {
                "integrationVersion": integration_version,
                "projectId": project_id,
                "enrichments": enrichments,
            }
        )

    def _chunks(self, body: bytes) -> Iterator[bytes]:
        yield body
        self._on_written()

    def _error(self, answer: Answer, version: int, token: Token) -> Exception:
        if answer.status == HTTPStatus.UNAUTHORIZED:
            return TokenRefusedError("HTTP 401")
        trouble = trouble_in(answer, "Contentsquare", self._wall_clock())
        if trouble is not None:
            return trouble
        message, code = _words_of(answer)
        if answer.status == HTTPStatus.BAD_REQUEST and _REFUSED in message:
            return BatchRefusedError("HTTP 400")
        if answer.status == HTTPStatus.BAD_REQUEST and _BAD_VERSION in message:
            return ApiError(
                f"project {token.project_id} has no integration version "
                f"{version} (HTTP 400, bad integration version): "
                "set integration_version to a registered one"
            )
        return ApiError(_unexpected(answer.status, code, token))


def _unexpected(status: int, code: str, token: Token) -> str:
    answer = f"HTTP {status}{f', {code}' if code else ''}"
    if status == HTTPStatus.FORBIDDEN:
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


def _words_of(answer: Answer) -> tuple[str, str]:
    """Return the message and the error code of an answer, empty where it has none."""
    try:
        words: Any = msgspec.json.decode(answer.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return "", ""
    if not isinstance(words, dict):
        return "", ""
    message, code = words.get("message"), words.get("errorCode")
    return (
        message if isinstance(message, str) else "",
        code if isinstance(code, str) and _ERROR_CODE.fullmatch(code) else "",
    )
