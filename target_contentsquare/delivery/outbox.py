"""From an enrichment to its settlement: batches are filled, sent and accounted for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from target_contentsquare.delivery.batches import OpenBatches
from target_contentsquare.delivery.merged_rows import MergedRows
from target_contentsquare.delivery.rejects import REJECTED_BY_API, Rejection
from target_contentsquare.delivery.sending.in_flight import Callbacks, InFlight
from target_contentsquare.delivery.sending.refusals import Refusals
from target_contentsquare.delivery.trouble.trouble_log import TroubleLog

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Executor
    from logging import Logger

    from target_contentsquare.delivery.batches import Batch, Row
    from target_contentsquare.delivery.memory.on_its_way import OnItsWay
    from target_contentsquare.delivery.rate.rates import Rates
    from target_contentsquare.delivery.rejected_rows import RejectedRows
    from target_contentsquare.delivery.summary.session_ages import SessionAges
    from target_contentsquare.enrichment import Integration, Key
    from target_contentsquare.errors import BatchRefusedError, BatchUndeliverableError

#: Rows wait this long at most for their batch to fill: the SDK's max record age.
MAX_WAIT_SECONDS = 300.0
# To put fewer rows one by one takes less time than to fill a batch with all of them.
_ENOUGH_TO_FILL = 20


def _do_nothing() -> None:
    pass


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is sent at once."""

    batch_rows: int
    max_in_flight: int


class Outbox:
    """Takes enrichments in the order they were read, and sees them through.

    Args:
        send: Sends one batch; see `InFlight`.
        rejected: Where rows go that Contentsquare refuses when they are sent alone.
        ages: Gets the sessions' starts of the rows that were delivered.
        on_settled: See `Callbacks`.
        rates: See `InFlight`.
        executor: See `InFlight`.
        clock: Seconds that only go forward.
        sleep: See `InFlight`.
        notify: See `InFlight`.
        on_its_way: Told what becomes of rows; None where nothing is remembered.

    Attributes:
        position: Enrichments so far; the position of the next one.
        trouble: What became of the requests.
    """

    def __init__(  # noqa: PLR0913 - each is what a test replaces
        self,
        send: Callable[[Batch], None],
        limits: Limits,
        rejected: RejectedRows,
        *,
        ages: SessionAges,
        rates: Rates,
        on_settled: Callable[[], None],
        executor: Executor,
        clock: Callable[[], float],
        sleep: Callable[[float | None], None],
        notify: Callable[[], None],
        log: Logger,
        on_its_way: OnItsWay | None = None,
    ) -> None:
        self._rejected = rejected
        self._clock = clock
        self._on_its_way = on_its_way
        self._refusals = Refusals()
        self._merged = MergedRows(log)
        self._ages = ages
        self._rates = rates
        self.trouble = TroubleLog(rates, log)
        self._batches = OpenBatches(limits.batch_rows, clock)
        self.position = 0
        callbacks = Callbacks(
            on_delivered=self._count_delivered,
            on_rejected=self._reject_refused,
            on_undeliverable=self._reject_all,
            on_settled=on_settled,
            before_sending=on_its_way.before_sending if on_its_way else _do_nothing,
        )
        self._in_flight = InFlight(
            send,
            callbacks,
            executor=executor,
            max_in_flight=limits.max_in_flight,
            rates=rates,
            trouble=self.trouble,
            clock=clock,
            sleep=sleep,
            notify=notify,
        )

    def put(self, key: Key, integration: Integration, row: Row) -> None:
        """Put a row in the batch that it belongs in; may wait for a request.

        Raises:
            FatalError: A batch can't be delivered.
        """
        row.position = self.position
        self.position += 1
        change = self._batches.add(key, integration, row)
        if change is not None:
            if change.replaced is not None:
                self._merged.add(change.replaced, by=row)
            for batch in change.going:
                self._in_flight.submit(batch)

    def put_all(
        self, keys: Sequence[Key], integration: Integration, rows: Sequence[Row]
    ) -> None:
        """Put rows in their batches; may wait for requests.

        Args:
            keys: Of the rows, in their order; all of one project, which is not checked.

        Raises:
            FatalError: A batch can't be delivered.
        """
        for position, row in enumerate(rows, self.position):
            row.position = position
        begin = 0
        while begin < len(rows):
            end = begin
            if len(rows) >= _ENOUGH_TO_FILL:
                end += self._batches.open_for(keys[begin], integration, rows[begin])
            if end > begin and self._batches.fill(keys[begin:end], rows[begin:end]):
                self.position += len(rows[begin:end])
                begin = end
            # The row that fills the batch; or all, if they did not go in at once.
            for place in range(begin, min(end + 1, len(rows))):
                self.put(keys[place], integration, rows[place])
            begin = end + 1

    def pass_over(self, row: Row) -> None:
        """Take a row that is not to be sent; it has its position all the same."""
        _ = row
        self.position += 1

    def note_held(self, project_id: int | None, version: int) -> None:
        """See `Refusals.note_held`."""
        self._refusals.note_held(project_id, version)

    def tick(self) -> None:
        """Do what is due while rows come in slowly, or not at all.

        Raises:
            FatalError: A batch can't be delivered.
        """
        self._in_flight.poll()
        for batch in self._batches.take_opened_before(self._clock() - MAX_WAIT_SECONDS):
            self._in_flight.submit(batch)

    def flush(self) -> None:
        """Send what is left, and wait until all is settled.

        Raises:
            FatalError: A batch can't be delivered.
        """
        for batch in self._batches.take_all():
            self._in_flight.submit(batch)
        self._in_flight.drain()

    def hurry(self) -> None:
        """Wait no longer between attempts; may be called in a signal handler."""
        self._in_flight.hurry()

    def finish(self) -> None:
        """Finish the requests in flight and start no others; never raises."""
        self._in_flight.finish()

    def status(self) -> str:
        """Return what requests are made, or what they wait for, in few words."""
        if (away := self.trouble.away(self._clock())) is not None:
            return away
        per_second = self._rates.per_second
        limit = "" if per_second is None else f", at most {per_second:.1f} a second"
        return f"{self._in_flight.in_flight} requests in flight{limit}"

    @property
    def requests(self) -> int:
        """Requests made so far."""
        return self._in_flight.requests

    @property
    def oldest_unsettled(self) -> int:
        """Position of the oldest enrichment that is not settled, else `position`."""
        positions = [batch.first_position for batch in self._in_flight.unsettled]
        waiting = self._batches.oldest_position
        if waiting is not None:
            positions.append(waiting)
        return min(positions, default=self.position)

    def _count_delivered(self, batch: Batch) -> None:
        self._refusals.note_delivered(batch)
        rows = batch.rows.values()
        for row in rows:
            row.counts.delivered += 1
        self._ages.add([row.started_at for row in rows])
        if self._on_its_way is not None:
            self._on_its_way.note_delivered(batch)

    def _reject_refused(self, batch: Batch, error: BatchRefusedError) -> None:
        (row,) = batch.rows.values()
        # Before the row is kept: where this ends the run, the row is not settled.
        self._refusals.note_refused(batch, row)
        detail = f"Contentsquare refuses this row on its own (HTTP {error.status})"
        self._rejected.add(row, Rejection(REJECTED_BY_API, None, detail))
        if self._on_its_way is not None:
            self._on_its_way.note_rejected(batch)

    def _reject_all(self, batch: Batch, error: BatchUndeliverableError) -> None:
        rejection = Rejection(error.reason, error.field, error.detail)
        for row in batch.rows.values():
            self._rejected.add(row, rejection)
        if self._on_its_way is not None:
            self._on_its_way.note_rejected(batch)
