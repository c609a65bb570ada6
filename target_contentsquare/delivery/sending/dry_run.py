"""Stand-ins for a dry run: for Contentsquare, and for what keeps rejected rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from logging import Logger

    from target_contentsquare.delivery.batches import Batch, Row
    from target_contentsquare.delivery.origin import Origin
    from target_contentsquare.delivery.rejects import Rejection


class NotKept:
    """Keeps no rejected rows: a dry run writes no file, and counts them."""

    def write(self, origin: Origin, rejection: Rejection) -> None:
        """Do nothing with a row."""

    def sync(self) -> None:
        """Do nothing: there is no file."""

    def close(self) -> None:
        """Do nothing: there is no file."""


class Sampler:
    """Sends nothing, and logs the first enrichment of each stream.

    This is the one place that logs a row's values: a dry run is there to look at them.
    """

    def __init__(self, log: Logger) -> None:
        self._log = log
        self._shown: dict[str, Row] = {}

    def send(self, batch: Batch) -> None:
        """Take a batch; may be called by many threads."""
        for row in batch.rows.values():
            stream = row.counts.stream
            if self._shown.setdefault(stream, row) is row:  # in one step, for threads
                self._log.info(
                    "Dry run, sample of stream '%s': project %s, integration version "
                    "%d, %s",
                    stream,
                    batch.project_id or "of the credentials",
                    batch.integration.version,
                    msgspec.json.encode(row.enrichment).decode(),
                )
