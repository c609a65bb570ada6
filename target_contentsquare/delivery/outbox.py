"""From an enrichment to the state that covers it: batches, rejects, counts."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from target_contentsquare.delivery.in_flight import Callbacks, Delivery
from target_contentsquare.enrichment import Batch, Enrichment, Key, OpenBatches, Row
from target_contentsquare.errors import (
    FatalError,
    OutputError,
    RetryableError,
    TooManyRejectedError,
)
from target_contentsquare.singer.checkpoint import Checkpoint
from target_contentsquare.singer.rejected_file import RejectedFile, Rejection

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Executor
    from logging import Logger

    from target_contentsquare.delivery.retry import RetryPolicy
    from target_contentsquare.delivery.summary import Summary
    from target_contentsquare.singer.origin import Origin

#: Rows wait this long at most for their batch to fill: the SDK's max record age.
MAX_WAIT_SECONDS = 300.0
REJECTED_BY_API = "rejected_by_api"
_STATE_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is sent at once, and how much may go wrong."""

    batch_rows: int
    max_in_flight: int
    max_rejected: int
    retry: RetryPolicy


@dataclass(slots=True)
class _StatePrinter:
    """Holds states back until something was mapped, and for good after a failure."""

    write: Callable[[bytes], None]
    clock: Callable[[], float]
    enabled: bool = False
    printed_at: float = field(default=float("-inf"))

    @property
    def is_due(self) -> bool:
        return self.clock() - self.printed_at >= _STATE_SECONDS

    def print(self, state: bytes, rejected_file: RejectedFile | None) -> None:
        """Print a state, once the rejected rows that it covers are on the disk."""
        self.printed_at = self.clock()
        try:
            if rejected_file is not None:
                rejected_file.sync()
            self.write(state)
        except OutputError:
            self.enabled = False
            raise


class Outbox:
    """Takes enrichments and states in the order they were read, and sees them through.

    Args:
        send: Sends one batch; see `Delivery`.
        write_state: Prints a state; called only when every row before it is settled.
        clock: Seconds that only go forward.
        sleep: See `Delivery`.
        notify: See `Delivery`.
    """

    def __init__(  # noqa: PLR0913 - each is what a test replaces
        self,
        send: Callable[[Batch], None],
        limits: Limits,
        summary: Summary,
        rejected_file: RejectedFile | None,
        *,
        executor: Executor,
        write_state: Callable[[bytes], None],
        clock: Callable[[], float],
        sleep: Callable[[float | None], None],
        notify: Callable[[], None],
        logger: Logger,
    ) -> None:
        self._limits = limits
        self._summary = summary
        self._rejected_file = rejected_file
        self._clock = clock
        self._logger = logger
        self._state = _StatePrinter(write_state, clock)
        self._checkpoint: Checkpoint[bytes] = Checkpoint()
        self._batches = OpenBatches(limits.batch_rows)
        self._position = 0
        callbacks = Callbacks(
            on_delivered=self._count_delivered,
            on_rejected=self._reject_refused,
            on_settled=self._print_state,
            on_retry=self._log_retry,
        )
        self._delivery = Delivery(
            send,
            callbacks,
            executor=executor,
            max_in_flight=limits.max_in_flight,
            retry=limits.retry,
            clock=clock,
            sleep=sleep,
            notify=notify,
        )

    def place(
        self, key: Key, version: int, enrichment: Enrichment, origin: Origin
    ) -> None:
        """Put an enrichment in the batch that it belongs in; may wait for a request."""
        row = Row(enrichment, self._position, origin)
        self._position += 1
        replaced, full = self._batches.add(key, version, row, self._clock)
        if replaced is not None:
            replaced.origin.counts.merged += 1
        if full is not None:
            self._delivery.submit(full)

    def reject(self, origin: Origin, rejection: Rejection) -> None:
        """Put a row among the rejected.

        Raises:
            TooManyRejectedError: There is no file for it, or it is one too many.
        """
        row = origin.where
        what = rejection.reason
        if rejection.field is not None:
            what = f"field '{rejection.field}': {what}"
        if self._rejected_file is None:
            cure = "correct the row"
            if rejection.reason == REJECTED_BY_API:
                cure = (
                    "Contentsquare does not say why: set integration_schema to find out"
                )
            raise TooManyRejectedError(
                f"{row}, {what}: {cure}, or set rejected_path to keep such rows in a "
                "file and go on"
            )
        if self._summary.rejected >= self._limits.max_rejected:
            msg = (
                f"{row}, {what}: more than max_rejected ({self._limits.max_rejected}) "
                "rows can't be delivered: look at the reasons in rejected_path"
            )
            raise TooManyRejectedError(msg)
        self._rejected_file.write(origin.source.schema, origin.line, rejection)
        origin.counts.rejected[rejection.reason] += 1
        self._logger.warning("Rejected: %s, %s", row, what)

    def mark(self, state: bytes) -> None:
        """Take a state that the tap gave; it is printed when that is safe."""
        self._checkpoint.mark(self._position, state)
        if self._checkpoint.wants_compacting:
            self._checkpoint.compact(self._unsettled_positions())
        # Acknowledgements print states too, but there may be none to wait for.
        if self._state.is_due:
            self._print_state()

    def enable_state(self) -> None:
        """Let states be printed: from the first stream on that has a mapping."""
        self._state.enabled = True

    def tick(self) -> None:
        """Do what is due while rows come in slowly, or not at all."""
        self._delivery.poll()
        for batch in self._batches.take_opened_before(self._clock() - MAX_WAIT_SECONDS):
            self._delivery.submit(batch)
        if self._state.is_due:
            self._print_state()

    def hurry(self) -> None:
        """Wait no longer between attempts: the run was told to stop."""
        self._delivery.hurry()

    def finish(self) -> None:
        """Send what is left, and print the last state.

        Raises:
            FatalError: Something could not be delivered; the state does not cover it.
        """
        for batch in self._batches.take_all():
            self._delivery.submit(batch)
        self._delivery.drain()
        self._print_state()

    def give_up(self) -> None:
        """Finish the requests in flight, start no others, and print the safe state."""
        self._delivery.finish_in_flight()
        # Whatever ended the run is the error to tell.
        with contextlib.suppress(FatalError):
            self._print_state()

    def close(self) -> None:
        """Leave the rejected file whole on the disk, and the counts complete."""
        self._summary.requests = self._delivery.requests
        if self._rejected_file is not None:
            self._rejected_file.close()

    def _count_delivered(self, batch: Batch) -> None:
        for row in batch.rows.values():
            row.origin.counts.delivered += 1

    def _reject_refused(self, row: Row) -> None:
        detail = "Contentsquare refuses this row on its own (HTTP 400)"
        self.reject(row.origin, Rejection(REJECTED_BY_API, None, detail))

    def _log_retry(self, error: RetryableError, wait: float) -> None:
        self._logger.warning("Trying again in %.1f s: %s", wait, error)

    def _print_state(self) -> None:
        if not self._state.enabled:
            return
        oldest = min(
            (batch.first_position for batch in self._unsettled_batches()),
            default=self._position,
        )
        state = self._checkpoint.newest_safe(oldest)
        if state is not None:
            self._state.print(state, self._rejected_file)

    def _unsettled_batches(self) -> Iterator[Batch]:
        yield from self._delivery.unsettled
        yield from self._batches

    def _unsettled_positions(self) -> Iterator[int]:
        for batch in self._unsettled_batches():
            for row in batch.rows.values():
                yield row.position
