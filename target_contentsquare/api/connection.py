"""A run's way to Contentsquare: connections, tokens and requests put together."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol, TypeAlias

from target_contentsquare.api.enrichments import EnrichmentApi
from target_contentsquare.api.pool import HttpPool
from target_contentsquare.api.sign_in import TokenClient
from target_contentsquare.api.tokens import Token, Tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from target_contentsquare.enrichment import Enrichment

    #: Sends the enrichments of one project and integration version, at most 200.
    Send: TypeAlias = Callable[[int | None, int, Sequence[Enrichment]], None]


class ConnectionSettings(Protocol):
    """The settings that a connection needs."""

    @property
    def auth_url(self) -> str:
        """Where tokens are to be had."""

    @property
    def credentials(self) -> Mapping[str, str]:
        """What a token request holds besides the project."""

    @property
    def max_parallel_requests(self) -> int:
        """Requests at the same time."""

    @property
    def request_timeout_seconds(self) -> float:
        """Seconds to connect, and for each wait for the server."""


def connect(
    settings: ConnectionSettings,
    *,
    user_agent: str,
    on_written: Callable[[], None],
    clock: Callable[[], float] = time.monotonic,
    wall_clock: Callable[[], float] = time.time,
) -> Send:
    """Return the function that sends a batch to Contentsquare. For many threads.

    It is given the project (None: the one that the credentials know), the integration
    version and the enrichments, and raises what `Tokens.call` and `EnrichmentApi.send`
    do.

    Args:
        on_written: See `EnrichmentApi`.
        clock: Seconds that only go forward.
        wall_clock: Unix seconds.
    """
    pool = _pool(settings, settings.max_parallel_requests, user_agent)
    api = EnrichmentApi(pool, wall_clock=wall_clock, on_written=on_written)
    client = _token_client(pool, settings, clock, wall_clock)
    tokens = Tokens(client.sign_in, clock)

    def send(
        project_id: int | None,
        integration_version: int,
        enrichments: Sequence[Enrichment],
    ) -> None:
        tokens.call(
            project_id,
            lambda token: api.send(token, integration_version, enrichments),
        )

    return send


def sign_in(
    settings: ConnectionSettings, project_id: int | None, *, user_agent: str
) -> Token:
    """Return a token for a project, asked for once.

    Raises:
        AuthenticationError: Contentsquare gives none.
        RetryableError: It can't be reached, or is in trouble.
    """
    with _pool(settings, 1, user_agent) as pool:
        client = _token_client(pool, settings, time.monotonic, time.time)
        return client.sign_in(project_id)


def _pool(settings: ConnectionSettings, connections: int, user_agent: str) -> HttpPool:
    return HttpPool(connections, user_agent, timeout=settings.request_timeout_seconds)


def _token_client(
    pool: HttpPool,
    settings: ConnectionSettings,
    clock: Callable[[], float],
    wall_clock: Callable[[], float],
) -> TokenClient:
    return TokenClient(
        pool,
        settings.auth_url,
        settings.credentials,
        clock=clock,
        wall_clock=wall_clock,
    )
