"""What sends a batch: session, tokens and API put together, or a stand-in for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import msgspec

from target_contentsquare.api.connection import connect, sign_in
from target_contentsquare.errors import DeliveryError, RetryableError

if TYPE_CHECKING:
    from collections.abc import Callable
    from logging import Logger

    from target_contentsquare.enrichment import Batch
    from target_contentsquare.settings.settings import Settings


def sender(
    settings: Settings, version: str, on_written: Callable[[], None]
) -> Callable[[Batch], None]:
    """Give the function that sends a batch to Contentsquare; for many threads.

    Args:
        on_written: See `EnrichmentApi`.
    """
    post = connect(settings, user_agent=_user_agent(version), on_written=on_written)

    def send(batch: Batch) -> None:
        rows = [row.enrichment for row in batch.rows.values()]
        post(batch.project_id, batch.integration_version, rows)

    return send


def sampler(logger: Logger) -> Callable[[Batch], None]:
    """Give a stand-in that sends nothing, and shows one enrichment per stream.

    The one place that shows a row's values: a dry run is there to look at them.
    """
    shown: dict[str, object] = {}

    def show(batch: Batch) -> None:
        for row in batch.rows.values():
            stream = row.origin.counts.stream
            if shown.setdefault(stream, row) is row:  # one step, for many threads
                logger.info(
                    "Dry run, sample of stream '%s': project %s, integration version "
                    "%d, %s",
                    stream,
                    batch.project_id or "of the credentials",
                    batch.integration_version,
                    msgspec.json.encode(row.enrichment).decode(),
                )

    return show


def test(settings: Settings, version: str) -> None:
    """Sign in once for every project that the settings name, and say how it went.

    Raises:
        AuthenticationError: Contentsquare does not give a token.
        DeliveryError: It can't be reached.
    """
    for project in settings.projects:
        try:
            token = sign_in(settings, project, user_agent=_user_agent(version))
        except RetryableError as error:
            msg = f"{error}: check auth_url and the network, or try again later"
            raise DeliveryError(msg) from None
        click.echo(f"project {token.project_id}: signed in, endpoint {token.endpoint}")
    if not settings.projects:
        click.echo(
            "every stream takes its project from a property: none to sign in for"
        )


def _user_agent(version: str) -> str:
    return f"target-contentsquare/{version}"
