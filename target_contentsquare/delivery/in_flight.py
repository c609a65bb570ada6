"""Requests in flight: how many, which next, again or in halves, and what is settled.

All of it happens in the thread that calls `submit`, `poll` and `drain`. The executor's
threads do nothing but `send`, so there are no locks, and a test can put a seeded
scheduler in the executor's place.
"""

from __future__ import annotations

import heapq
import itertools
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from target_contentsquare.delivery.key_order import KeyOrder, Shipment
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

    from target_contentsquare.delivery.batches import Batch, Row
    from target_contentsquare.delivery.retry import Retries, RetryPolicy


@dataclass(frozen=True, slots=True)
class Callbacks:
    """What `InFlight` tells; all are called in the thread that drives it.

    Attributes:
        on_delivered: A batch, or what was left of it, was taken.
        on_rejected: A row was refused on its own. Returning means that the row is
            accounted for; a `FatalError` ends the run.
        on_undeliverable: No row of a batch can be sent. Returning means that all are
            accounted for; a `FatalError` ends the run.
        on_settled: Called after rows were settled, and each time a wait is over.
        on_retry: A request failed and is tried again: why, and in how many seconds.
    """

    on_delivered: Callable[[Batch], None]
    on_rejected: Callable[[Row], None]
    on_undeliverable: Callable[[Batch, BatchUndeliverableError], None]
    on_settled: Callable[[], None]
    on_retry: Callable[[RetryableError, float], None]


@dataclass(eq=False, slots=True)
class _Part:
    """What one request sends: a shipment, or a piece of one that was refused."""

    batch: Batch
    shipment: Shipment
    retries: Retries | None = None


class InFlight:
    """Sends batches, many at a time, without letting enrichments overtake each other.

    Args:
        send: Sends one batch, in a thread of the executor. It raises
            `BatchRefusedError`, `BatchUndeliverableError`, `RetryableError` or
            `FatalError`.
        executor: Runs `send`.
        max_in_flight: Requests at the same time.
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
        retry: RetryPolicy,
        clock: Callable[[], float],
        sleep: Callable[[float | None], None],
        notify: Callable[[], None],
    ) -> None:
        self._send = send
        self._callbacks = callbacks
        self._executor = executor
        self._max_in_flight = max_in_flight
        self._retry = retry
        self._clock = clock
        self._sleep = sleep
        self._notify = notify

        self._order = KeyOrder()
        self._unsettled: dict[_Part, None] = {}
        self._ready: deque[_Part] = deque()
        self._in_flight: dict[_Part, Future[None]] = {}
        self._finished: deque[_Part] = deque()
        self._retrying: list[tuple[float, int, _Part]] = []
        self._retry_numbers = itertools.count()
        self._failure: BaseException | None = None
        self._hurried = False
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
            self._sleep(self._seconds_to_next_retry())
            self.poll()

    def poll(self) -> None:
        """Take note of what has finished, and send what that makes room for.

        Raises:
            FatalError: A batch can't be delivered.
        """
        self._note_settled()
        if self._retrying:
            self._wake_retries()
        self._start_ready()
        if self._failure is not None:
            self._fail()

    def drain(self) -> None:
        """Wait until every batch is settled.

        Raises:
            FatalError: A batch can't be delivered.
        """
        self.poll()
        while self._unsettled:
            self._sleep(self._seconds_to_next_retry())
            self.poll()

    def hurry(self) -> None:
        """End all waits between attempts, and try nothing more than a second time."""
        self._hurried = True

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

    def _fail(self) -> None:
        self.finish()
        failure = self._failure
        assert failure is not None  # noqa: S101 - the caller looked
        raise failure

    def _is_overfull(self) -> bool:
        """A slow API has to slow reading: more than this is not kept."""
        busy = len(self._in_flight) + len(self._retrying) + len(self._ready)
        waiting = len(self._order.waiting)
        return busy > self._max_in_flight or waiting > self._max_in_flight

    def _make_ready(self, shipment: Shipment) -> None:
        part = _Part(shipment.begin(), shipment)
        self._unsettled[part] = None
        self._ready.append(part)

    def _start_ready(self) -> None:
        while (
            self._ready
            and len(self._in_flight) < self._max_in_flight
            and self._failure is None
        ):
            self._start(self._ready.popleft())

    def _start(self, part: _Part) -> None:
        if part.retries is None:
            part.retries = self._retry.begin(self._clock())
        self.requests += 1
        future = self._executor.submit(self._send, part.batch)
        self._in_flight[part] = future
        future.add_done_callback(lambda _: self._note_finished(part))

    def _note_finished(self, part: _Part) -> None:
        """Runs in the executor's thread; appending to a deque needs no lock."""
        self._finished.append(part)
        self._notify()

    def _note_settled(self) -> None:
        while self._finished:
            self._settle(self._finished.popleft())
        try:
            self._callbacks.on_settled()
        except FatalError as failure:
            self._failure = self._failure or failure

    def _settle(self, part: _Part) -> None:
        error = self._in_flight.pop(part).exception()
        try:
            if error is None:
                self._callbacks.on_delivered(part.batch)
                self._release(part)
            elif self._failure is not None:
                return
            elif isinstance(error, BatchRefusedError):
                self._split(part)
            elif isinstance(error, BatchUndeliverableError):
                self._callbacks.on_undeliverable(part.batch, error)
                self._release(part)
            elif isinstance(error, RetryableError):
                self._try_again(part, error)
            else:
                self._failure = error
        except FatalError as failure:
            self._failure = self._failure or failure

    def _split(self, part: _Part) -> None:
        """Look for the rows that are refused: halve, until they stand alone."""
        if len(part.batch) == 1:
            (row,) = part.batch.rows.values()
            self._callbacks.on_rejected(row)
            self._release(part)
            return
        halves = [_Part(half, part.shipment) for half in part.batch.halves()]
        del self._unsettled[part]
        self._unsettled.update(dict.fromkeys(halves))
        part.shipment.parts += 1
        self._ready.extendleft(reversed(halves))

    def _try_again(self, part: _Part, error: RetryableError) -> None:
        assert part.retries is not None  # noqa: S101 - set when it was started
        now = self._clock()
        is_last = self._hurried and part.retries.attempts > 1
        wait = None if is_last else part.retries.next_wait(error, now)
        if wait is None:
            raise DeliveryError(_gave_up(part, error))
        self._callbacks.on_retry(error, wait)
        heapq.heappush(self._retrying, (now + wait, next(self._retry_numbers), part))

    def _wake_retries(self) -> None:
        now = self._clock()
        while self._retrying and (self._hurried or self._retrying[0][0] <= now):
            self._ready.append(heapq.heappop(self._retrying)[2])

    def _seconds_to_next_retry(self) -> float | None:
        if not self._retrying:
            return None
        return max(0.0, self._retrying[0][0] - self._clock())

    def _release(self, part: _Part) -> None:
        """The part is settled; with its shipment's last, those who wait may go."""
        del self._unsettled[part]
        shipment = part.shipment
        shipment.parts -= 1
        if shipment.parts == 0:
            for follower in self._order.settle(shipment):
                self._make_ready(follower)


def _gave_up(part: _Part, error: RetryableError) -> str:
    batch, retries = part.batch, part.retries
    attempts = retries.attempts if retries else 1
    project = "" if batch.project_id is None else f" for project {batch.project_id}"
    tries = "once" if attempts == 1 else f"{attempts} times"
    return (
        f"{len(batch)} rows{project} (integration version {batch.integration.version}) "
        f"could not be sent, tried {tries}: {error}. They are not in the state: run "
        "again, or raise max_retry_seconds"
    )
