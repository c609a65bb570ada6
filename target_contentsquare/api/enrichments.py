"""One POST to the Enrichment API: a batch as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from target_contentsquare.api.batch_answers import (
    SUCCESSES,
    error_for,
    has_unexpected_body,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from logging import Logger

    from target_contentsquare.api.http.pool import Answer, HttpPool
    from target_contentsquare.api.signing_in.tokens import Token


class EnrichmentApi:
    """Sends enrichments, each batch with one POST. For many threads.

    Args:
        wall_clock: Unix seconds, for a Retry-After that holds a date.
        on_written: Called once a request is written, before its answer is awaited, in
            the thread that makes it; twice if it had to be sent again at once.
        log: Told, once, of a success that is not as documented.
    """

    def __init__(
        self,
        pool: HttpPool,
        *,
        wall_clock: Callable[[], float],
        on_written: Callable[[], None],
        log: Logger,
    ) -> None:
        self._pool = pool
        self._wall_clock = wall_clock
        self._on_written = on_written
        self._log = log
        self._has_warned = False
        self._have_delivered: set[Token] = set()

    def send(
        self,
        token: Token,
        integration_version: int,
        enrichments: bytes,
    ) -> None:
        """Send a batch; returning means that Contentsquare took it whole.

        Args:
            enrichments: At most 200, as `enrichment.encode` returns them.

        Raises:
            TokenRefusedError: 401.
            BatchRefusedError: At least one row is wrong: 413, 422, most of 400, and 403
                once the same token has delivered a batch.
            RetryableError: No answer, or 408, 425, 429, 5xx.
            ApiError: Any other answer.
            ConfigError: The environment's proxy or certificates can't be used.
        """
        answer = self._pool.post(
            f"{token.endpoint}/v1/enrichments",
            {"Authorization": f"Bearer {token.value}"},
            payload(token.project_id, integration_version, enrichments),
            what="no answer from Contentsquare",
            on_written=self._on_written,
        )
        if answer.status not in SUCCESSES:
            # Not kept in a variable: that, the traceback and this frame would be a
            # reference cycle, which holds the rows.
            raise error_for(
                answer,
                token.project_id,
                integration_version,
                now=self._wall_clock(),
                has_delivered=token in self._have_delivered,
            )
        self._have_delivered.add(token)
        self._warn_of_body(answer)

    def _warn_of_body(self, answer: Answer) -> None:
        if has_unexpected_body(answer) and not self._has_warned:
            self._has_warned = True
            self._log.warning(
                "Contentsquare took a batch and answered with a text of %d bytes; its "
                "documentation says that there is none. The rows count as delivered. "
                "Look for them in Contentsquare, and ask its support what that means",
                len(answer.body),
            )


def payload(project_id: int, integration_version: int, enrichments: bytes) -> bytes:
    """Return a batch as the API's JSON."""
    return b'{"integrationVersion":%d,"projectId":%d,"enrichments":%b}' % (
        integration_version,
        project_id,
        enrichments,
    )
