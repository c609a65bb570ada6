"""A simulated clock, and an executor whose requests take simulated time."""

from __future__ import annotations

import heapq
import itertools
from concurrent.futures import Executor, Future
from typing import TYPE_CHECKING, Any

from target_contentsquare.errors import ContentsquareTargetError

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from target_contentsquare.delivery.batches import Batch
    from tests.simulation.observer import Observer
    from tests.simulation.scenario import Faults


class GuaranteeBrokenError(AssertionError):
    """A guarantee does not hold."""


def require(holds: object, message: str) -> None:
    """Raise an error with the message unless a guarantee holds."""
    if not holds:
        raise GuaranteeBrokenError(message)


class Crash(BaseException):
    """The simulated process dies, so none of its code may run any more."""


class World:
    """The simulated time, and the events that are to come."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.now = 1000.0
        self.steps = 0
        self.before_sleep: Callable[[], None] = lambda: None
        self.after_step: Callable[[], None] = lambda: None
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._notified = False
        self._sleeps = 0

    def clock(self) -> float:
        """Return the time in seconds."""
        return self.now

    def after(self, seconds: float, event: Callable[[], None]) -> None:
        """Let an event happen that many seconds from now."""
        heapq.heappush(self._events, (self.now + seconds, next(self._order), event))

    def notify(self) -> None:
        """Wake the thread that sleeps, or let its next sleep end at once."""
        self._notified = True

    def forget_events(self) -> list[Callable[[], None]]:
        """Remove all events that are to come, and return them in their order."""
        left = [event for _, _, event in sorted(self._events, key=lambda e: e[:2])]
        self._events.clear()
        self._notified = False
        return left

    def sleep(self, seconds: float | None) -> None:
        """Let time pass until `notify` is called, for at most that many seconds."""
        self.before_sleep()
        self._sleeps += 1
        if self._sleeps > 1000:
            raise GuaranteeBrokenError("it sleeps and wakes, but no event happens")
        until = float("inf") if seconds is None else self.now + seconds
        while not self._notified and self._next_at <= until:
            if self._next_at == float("inf"):
                raise GuaranteeBrokenError("it would sleep for ever")
            self._step()
        if self._notified:
            self._delay_waking()
        else:
            self.now = until
        self._notified = False

    def work(self, seconds: float) -> None:
        """Let time pass while the driving thread does something else."""
        until = self.now + seconds
        while self._next_at <= until:
            self._step()
        self.now = until

    @property
    def _next_at(self) -> float:
        return self._events[0][0] if self._events else float("inf")

    def _step(self) -> None:
        at, _, event = heapq.heappop(self._events)
        self.now = max(self.now, at)
        self.steps += 1
        self._sleeps = 0
        event()
        self.after_step()

    def _delay_waking(self) -> None:
        """Let events happen before the woken thread runs, as a busy machine does."""
        while self._events and self.random.random() < 0.3:
            self._step()


class SeededExecutor(Executor):
    """Requests that reach the server and are answered after a random time each."""

    def __init__(self, world: World, observer: Observer, faults: Faults) -> None:
        self._world = world
        self._observer = observer
        self._faults = faults

    def submit(  # type: ignore[override]
        self, send: Callable[[Batch], None], batch: Batch
    ) -> Future[None]:
        """Begin a request, which reaches the server after later ones now and then."""
        self._observer.request_begins(batch)
        future: Future[None] = Future()
        future.set_running_or_notify_cancel()
        to_server, to_target = self._faults.latency(self._world.random)
        self._world.after(
            to_server, lambda: self._arrive(send, batch, future, to_target)
        )
        return future

    def _arrive(
        self,
        send: Callable[..., Any],
        batch: Batch,
        future: Future[None],
        to_target: float,
    ) -> None:
        error: Exception | None = None
        try:
            send(batch)
        except ContentsquareTargetError as raised:
            error = raised
        self._world.after(to_target, lambda: self._answer(batch, future, error))

    def _answer(
        self, batch: Batch, future: Future[None], error: Exception | None
    ) -> None:
        self._observer.request_answered(batch, error)
        if error is None:
            future.set_result(None)
        else:
            future.set_exception(error)
