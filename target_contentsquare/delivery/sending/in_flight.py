"""Requests in flight: which is next, again or in halves, and what is settled.

All of it happens in the thread that calls `submit`, `poll` and `drain`. The executor's
threads do nothing but `send`, so there are no locks, and a test can put a seeded
scheduler in the executor's place.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from target_contentsquare.delivery.batches import MOST_BYTES
from target_contentsquare.delivery.key_order import KeyOrder, Shipment
from target_contentsquare.delivery.sending.feedback import Feedback
from target_contentsquare.delivery.sending.ready import Ready
from target_contentsquare.errors import (
    BatchRefusedError,
    BatchUndeliverableError,
    DeliveryError,
    FatalError,
    RetryableError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Executor, Future

    from target_contentsquare.delivery.batches import Batch
    from target_contentsquare.delivery.rate.attempt import Attempt
    from target_contentsquare.delivery.rate.rates import Rates
    from target_contentsquare.delivery.trouble.trouble_log import TroubleLog

# With several projects so many batches may wait, so that one with a low rate does not
# hold up the others: 20,000 rows.
_MOST_READY = 100


@dataclass(frozen=True, slots=True)
class Callbacks:
    """What `InFlight` tells; all are called in the thread that drives it.

    Attributes:
        on_delivered: A batch, or what was left of it, was taken.
        on_rejected: A batch of one row was refused. Returning means that the row is
            accounted for; a `FatalError` ends the run.
        on_undeliverable: No row of a batch can be sent. Returning means that all are
            accounted for; a `FatalError` ends the run.
        on_settled: Called after rows were settled, and each time a wait is over.
    """

    on_delivered: Callable[[Batch], None]
    on_rejected: Callable[[Batch, BatchRefusedError], None]
    on_undeliverable: Callable[[Batch, BatchUndeliverableError], None]
    on_settled: Callable[[], None]


@dataclass(eq=False, slots=True)
class _Part:
    """What one request sends: a shipment, or a piece of one that was refused."""

    batch: Batch
    shipment: Shipment


class InFlight:
    """Sends batches, many at a time, without letting enrichments overtake each other.

    Args:
        send: Sends one batch, in a thread of the executor. It raises
            `BatchRefusedError`, `BatchUndeliverableError`, `RetryableError` or
            `FatalError`.
        executor: Runs `send`.
        max_in_flight: Requests at the same time.
        rates: Say which project's request may start, and when.
        trouble: Tells a person what goes wrong.
        clock: Seconds that only go forward.
        sleep: Sleeps for the seconds given (None: any time), less if `notify` is
            called meanwhile.
        notify: Ends a `sleep`; called in the executor's threads.
    """

    def __init__(  # noqa: PLR0913 - each is what a test replaces
        self,
        send: Callable[[Batch], None],
        callbacks: Callbacks,
        *,
        executor: Executor,
        max_in_flight: int,
        rates: Rates,
        trouble: TroubleLog,
        clock: Callable[[], float],
        sleep: Callable[[float | None], None],
        notify: Callable[[], None],
    ) -> None:
        self._send = send
        self._callbacks = callbacks
        self._executor = executor
        self._max_in_flight = max_in_flight
        self._rates = rates
        self._feedback = Feedback(rates, trouble)
        self._clock = clock
        self._sleep = sleep
        self._notify = notify

        self._order = KeyOrder()
        self._unsettled: dict[_Part, None] = {}
        self._ready: Ready[_Part] = Ready()
        self._in_flight: dict[_Part, tuple[Future[None], Attempt]] = {}
        self._finished: deque[_Part] = deque()
        self._failure: BaseException | None = None
        self._is_hurried = self._has_hurried = False
        self.requests = 0

    def submit(self, batch: Batch) -> None:
        """Send a batch as soon as its turn comes; wait while all requests are busy.

        The batch counts as unsettled from the start, however long it waits.

        Raises:
            FatalError: This or an earlier batch can't be delivered. Those that were in
                flight have been finished.
        """
        shipment = self._order.add(batch)
        if not shipment.waits_for:
            self._make_ready(shipment)
        self.poll()
        while self._is_overfull():
            self._sleep(self._seconds_to_next_start())
            self.poll()

    def poll(self) -> None:
        """Take note of what has finished, and send what that makes room for.

        Raises:
            FatalError: A batch can't be delivered.
        """
        now = self._clock()
        if self._is_hurried and not self._has_hurried:
            self._has_hurried = True
            self._rates.hurry(now)
        self._note_settled()
        self._start_ready()
        self._feedback.tick(now, len(self._unsettled))
        if self._failure is not None:
            self.finish()
            raise self._failure

    def drain(self) -> None:
        """Wait until every batch is settled.

        Raises:
            FatalError: A batch can't be delivered.
        """
        self.poll()
        while self._unsettled:
            self._sleep(self._seconds_to_next_start())
            self.poll()

    def hurry(self) -> None:
        """End the waits between attempts, and give up soon; for signal handlers too."""
        self._is_hurried = True

    def finish(self) -> None:
        """Wait for the requests in flight and start no others; never raises."""
        self._failure = self._failure or DeliveryError("the run was given up")
        self._note_settled()
        while self._in_flight:
            self._sleep(None)
            self._note_settled()

    @property
    def unsettled(self) -> Iterator[Batch]:
        """The batches that hold rows which are not settled."""
        yield from (part.batch for part in self._unsettled)
        for shipment in self._order.waiting:
            if shipment.batch is not None:
                yield shipment.batch

    def _is_overfull(self) -> bool:
        """A slow API has to slow reading: more than this is not kept."""
        ready, waiting = len(self._ready), len(self._order.waiting)
        busy = len(self._in_flight) + ready
        most = self._max_in_flight
        if waiting > most or self._order.size > MOST_BYTES:
            return True
        has_others = len({part.batch.project_id for part in self._unsettled}) > 1
        return ready >= _MOST_READY if has_others else busy > most

    def _make_ready(self, shipment: Shipment) -> None:
        part = _Part(shipment.begin(), shipment)
        self._unsettled[part] = None
        self._ready.add(part)

    def _start_ready(self) -> None:
        while self._ready and self._failure is None:
            now = self._clock()
            turn = self._rates.next_turn(now, self._ready.projects)
            if turn is None or turn.at > now:
                return
            self._start(self._ready.take(turn.project_id), now)

    def _start(self, part: _Part, now: float) -> None:
        attempt = self._rates.of(part.batch.project_id).started(now)
        self.requests += 1
        future = self._executor.submit(self._send, part.batch)
        self._in_flight[part] = future, attempt
        future.add_done_callback(lambda _: self._note_finished(part))

    def _note_finished(self, part: _Part) -> None:
        """Runs in the executor's thread; appending to a deque needs no lock."""
        self._finished.append(part)
        self._notify()

    def _seconds_to_next_start(self) -> float | None:
        now = self._clock()
        turn = self._rates.next_turn(now, self._ready.projects)
        return None if turn is None else max(0.0, turn.at - now)

    def _note_settled(self) -> None:
        while self._finished:
            self._settle(self._finished.popleft())
        try:
            self._callbacks.on_settled()
        except FatalError as failure:
            self._failure = self._failure or failure

    def _settle(self, part: _Part) -> None:
        future, attempt = self._in_flight.pop(part)
        error = future.exception()
        now, waiting = self._clock(), len(self._unsettled)
        self._feedback.learn(part.batch, attempt, error, now=now, waiting=waiting)
        try:
            if error is None:
                self._callbacks.on_delivered(part.batch)
                self._release(part)
            elif self._failure is not None:
                return
            elif isinstance(error, BatchRefusedError):
                self._split(part, error)
            elif isinstance(error, BatchUndeliverableError):
                self._callbacks.on_undeliverable(part.batch, error)
                self._release(part)
            elif isinstance(error, RetryableError):
                self._try_again(part, error)
            else:
                self._failure = error
        except FatalError as failure:
            self._failure = self._failure or failure

    def _split(self, part: _Part, error: BatchRefusedError) -> None:
        """Look for the rows that are refused: halve, until they stand alone."""
        if len(part.batch) == 1:
            self._callbacks.on_rejected(part.batch, error)
            self._release(part)
            return
        del self._unsettled[part]
        for half in part.batch.halves():
            half_part = _Part(half, part.shipment)
            self._unsettled[half_part] = None
            self._ready.add(half_part)
        part.shipment.parts += 1

    def _try_again(self, part: _Part, error: RetryableError) -> None:
        self._feedback.check_time(part.batch, error, self._clock())
        self._ready.add(part)

    def _release(self, part: _Part) -> None:
        """The part is settled; with its shipment's last, those who wait may go."""
        del self._unsettled[part]
        shipment = part.shipment
        shipment.parts -= 1
        if shipment.parts == 0:
            for follower in self._order.settle(shipment):
                self._make_ready(follower)
