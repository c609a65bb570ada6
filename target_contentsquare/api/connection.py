"""A run's way to Contentsquare: connections, tokens and requests put together."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol

from target_contentsquare.api.enrichments import EnrichmentApi
from target_contentsquare.api.http.attempts import Attempts
from target_contentsquare.api.http.pool import HttpPool
from target_contentsquare.api.signing_in.sign_in import TokenClient
from target_contentsquare.api.signing_in.tokens import Token, Tokens

if TYPE_CHECKING:
    from collections.abc import Callable
    from logging import Logger

    from target_contentsquare.api.signing_in.account import Account, Keyring


class ConnectionSettings(Protocol):
    """The settings that a connection needs."""

    @property
    def auth_url(self) -> str:
        """Where tokens are to be had."""

    @property
    def keyring(self) -> Keyring:
        """All credentials."""

    @property
    def oauth_scope(self) -> str:
        """What a token is asked for."""

    @property
    def max_parallel_requests(self) -> int:
        """Requests at the same time."""

    @property
    def request_timeout_seconds(self) -> float:
        """Seconds to connect, and from then until an answer is complete."""


class Connection:
    """Sends batches to Contentsquare. `send` is for many threads.

    Args:
        close_pool: Closes the connections.
    """

    def __init__(
        self,
        tokens: Tokens[Account],
        api: EnrichmentApi,
        attempts: Attempts,
        close_pool: Callable[[], None],
    ) -> None:
        self._tokens = tokens
        self._api = api
        self._attempts = attempts
        self.close = close_pool

    def send(
        self,
        account: Account,
        integration_version: int,
        enrichments: bytes,
    ) -> None:
        """Send a batch; returning means that Contentsquare took it whole.

        Args:
            enrichments: At most 200, as `enrichment.encode` returns them.

        Raises:
            BatchRefusedError: See `EnrichmentApi.send`.
            RetryableError: The same batch may be taken later.
            FatalError: It won't.
        """
        self._tokens.call(
            account,
            lambda token: self._api.send(token, integration_version, enrichments),
        )

    def expire(self) -> None:
        """End the requests that are past their deadline. To be called every second."""
        self._attempts.expire()

    def abort(self) -> None:
        """End all requests that are being made; each raises a RetryableError."""
        self._attempts.abort_all()


def connect(  # noqa: PLR0913 - each is what a test replaces
    settings: ConnectionSettings,
    *,
    user_agent: str,
    on_written: Callable[[], None],
    log: Logger,
    clock: Callable[[], float] = time.monotonic,
    wall_clock: Callable[[], float] = time.time,
) -> Connection:
    """Return a run's connection to Contentsquare; nothing is sent yet.

    Args:
        on_written: See `EnrichmentApi`.
        log: See `EnrichmentApi`.
        clock: Seconds that only go forward.
        wall_clock: Unix seconds.
    """
    attempts = Attempts(settings.request_timeout_seconds, clock)
    pool = _pool(settings, settings.max_parallel_requests + 1, user_agent, attempts)
    api = EnrichmentApi(pool, wall_clock=wall_clock, on_written=on_written, log=log)
    client = _token_client(pool, settings, clock, wall_clock)
    tokens = Tokens(client.sign_in, clock, pause=attempts.pause)
    return Connection(tokens, api, attempts, pool.close)


def sign_in(
    settings: ConnectionSettings,
    account: Account,
    *,
    user_agent: str,
) -> Token:
    """Return a token, asked for once. It takes at most twice the timeout.

    Raises:
        AuthenticationError: Contentsquare gives none.
        RetryableError: It can't be reached, or is in trouble.
        ConfigError: The environment's proxy or certificates can't be used.
    """
    attempts = Attempts(settings.request_timeout_seconds, time.monotonic)
    with _pool(settings, 1, user_agent, attempts) as pool:
        client = _token_client(pool, settings, time.monotonic, time.time)
        with attempts.expiring():
            return client.sign_in(account)


def _pool(
    settings: ConnectionSettings, connections: int, user_agent: str, attempts: Attempts
) -> HttpPool:
    timeout = settings.request_timeout_seconds
    return HttpPool(connections, user_agent, timeout=timeout, attempts=attempts)


def _token_client(
    pool: HttpPool,
    settings: ConnectionSettings,
    clock: Callable[[], float],
    wall_clock: Callable[[], float],
) -> TokenClient:
    return TokenClient(
        pool,
        settings.auth_url,
        settings.keyring,
        scope=settings.oauth_scope,
        clock=clock,
        wall_clock=wall_clock,
    )
