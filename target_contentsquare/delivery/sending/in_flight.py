"""Requests in flight: which is next, again or in halves, and what is settled.

All of it happens in the thread that calls `submit`, `poll` and `drain`. The executor's
threads do nothing but `send`, so there are no locks, and a test can put a seeded
scheduler in the executor's place.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from target_contentsquare.delivery.sending.feedback import Feedback
from target_contentsquare.delivery.sending.parts import Parts
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
    from target_contentsquare.delivery.rate.rates import Rates, Turn
    from target_contentsquare.delivery.sending.parts import Part
    from target_contentsquare.delivery.trouble.trouble_log import TroubleLog


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
        before_sending: Called when a batch was submitted, before it may be sent. A
            `FatalError` ends the run, and the batch stays unsettled.
    """

    on_delivered: Callable[[Batch], None]
    on_rejected: Callable[[Batch, BatchRefusedError], None]
    on_undeliverable: Callable[[Batch, BatchUndeliverableError], None]
    on_settled: Callable[[], None]
    before_sending: Callable[[], None]


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
        self._rates = rates
        self._feedback = Feedback(rates, trouble)
        self._clock = clock
        self._sleep = sleep
        self._notify = notify

        self._parts = Parts(max_in_flight)
        self._in_flight: dict[Part, tuple[Future[None], Attempt]] = {}
        self._finished: deque[Part] = deque()
        self._failure: BaseException | None = None
        self._is_hurried = self._has_hurried = False
        self.requests = 0

    def submit(self, batch: Batch) -> None:
        """Send a batch as soon as its turn comes; wait while all requests are busy.

        The batch counts as unsettled from the start, however long it waits.

        Raises:
            FatalError: This or an earlier batch can't be delivered.
        """
        self._parts.add(batch)
        self._callbacks.before_sending()
        self.poll()
        # An earlier request ends while this one is written. Its rows are let go before
        # the next are read, which then take their place in memory and in the cache.
        if self._finished:
            self._note_settled()
        while self._parts.is_overfull():
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
        self._feedback.tick(now, len(self._parts))
        if self._failure is not None:
            self.finish()
            raise self._failure

    def drain(self) -> None:
        """Wait until every batch is settled.

        Raises:
            FatalError: A batch can't be delivered.
        """
        self.poll()
        while self._parts:
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
    def in_flight(self) -> int:
        """Requests that were started and whose end was not looked at yet."""
        return len(self._in_flight)

    @property
    def unsettled(self) -> Iterator[Batch]:
        """The batches that hold rows which are not settled."""
        return self._parts.unsettled

    def _start_ready(self) -> None:
        while self._parts.ready and self._failure is None:
            now = self._clock()
            turn = self._next_turn(now)
            if turn is None or turn.at > now:
                return
            self._start(self._parts.ready.take(turn.project_id), now)

    def _start(self, part: Part, now: float) -> None:
        attempt = self._rates.of(part.batch.project_id).started(now)
        self.requests += 1
        # In this thread, whose processor has the rows in its cache: where requests are
        # made on another one, this saves a tenth of a run's CPU time.
        part.batch.encoded()
        future = self._executor.submit(self._send, part.batch)
        self._in_flight[part] = future, attempt
        future.add_done_callback(lambda _: self._note_finished(part))

    def _note_finished(self, part: Part) -> None:
        """Runs in the executor's thread; appending to a deque needs no lock."""
        self._finished.append(part)
        self._notify()

    def _seconds_to_next_start(self) -> float | None:
        now = self._clock()
        turn = self._next_turn(now)
        return None if turn is None else max(0.0, turn.at - now)

    def _next_turn(self, now: float) -> Turn | None:
        projects = self._parts.ready.projects
        return self._rates.next_turn(now, projects, in_flight=self.in_flight)

    def _note_settled(self) -> None:
        while self._finished:
            self._settle(self._finished.popleft())
        try:
            self._callbacks.on_settled()
        except FatalError as failure:
            self._failure = self._failure or failure

    def _settle(self, part: Part) -> None:
        future, attempt = self._in_flight.pop(part)
        error = future.exception()
        now, waiting = self._clock(), len(self._parts)
        self._feedback.learn(part.batch, attempt, error, now=now, waiting=waiting)
        try:
            if error is None:
                self._callbacks.on_delivered(part.batch)
                self._parts.settle(part)
            elif self._failure is not None:
                return
            elif isinstance(error, BatchRefusedError):
                self._split(part, error)
            elif isinstance(error, BatchUndeliverableError):
                self._callbacks.on_undeliverable(part.batch, error)
                self._parts.settle(part)
            elif isinstance(error, RetryableError):
                self._try_again(part, error)
            else:
                self._failure = error
        except FatalError as failure:
            self._failure = self._failure or failure

    def _split(self, part: Part, error: BatchRefusedError) -> None:
        """Look for the rows that are refused: halve, until they stand alone."""
        if len(part.batch) == 1:
            self._callbacks.on_rejected(part.batch, error)
            self._parts.settle(part)
            return
        self._parts.split(part)

    def _try_again(self, part: Part, error: RetryableError) -> None:
        self._feedback.check_time(part.batch, error, self._clock())
        self._parts.try_again(part)
