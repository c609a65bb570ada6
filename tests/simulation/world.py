"""Time that passes only when somebody waits, and requests that take some of it."""

from __future__ import annotations

import heapq
import itertools
from concurrent.futures import Executor, Future
from typing import TYPE_CHECKING, Any

from target_contentsquare.errors import ContentsquareTargetError

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from target_contentsquare.enrichment import Batch
    from tests.simulation.scenario import Weather
    from tests.simulation.witness import Witness


class Violation(AssertionError):  # noqa: N818 - what it is, and pytest shows it so
    """A guarantee does not hold."""


def demand(holds: object, what: str) -> None:
    """Fail unless it holds."""
    if not holds:
        raise Violation(what)


class Crash(BaseException):
    """The process is gone: nothing of it may run any more."""


class World:
    """The clock, and what is going to happen when."""

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
        return self.now

    def after(self, seconds: float, happen: Callable[[], None]) -> None:
        heapq.heappush(self._events, (self.now + seconds, next(self._order), happen))

    def notify(self) -> None:
        self._notified = True

    def forget_events(self) -> list[Callable[[], None]]:
        """What would still have happened."""
        left = [happen for _, _, happen in sorted(self._events, key=lambda e: e[:2])]
        self._events.clear()
        self._notified = False
        return left

    def sleep(self, seconds: float | None) -> None:
        """As `Delivery` is promised: shorter if `notify` is called, or was before."""
        self.before_sleep()
        self._sleeps += 1
        if self._sleeps > 1000:
            raise Violation("it sleeps and wakes, and nothing happens")
        until = float("inf") if seconds is None else self.now + seconds
        while not self._notified and self._next_at <= until:
            if self._next_at == float("inf"):
                raise Violation("it would sleep for ever")
            self._step()
        if self._notified:
            self._more_at_the_same_time()
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
        at, _, happen = heapq.heappop(self._events)
        self.now = max(self.now, at)
        self.steps += 1
        self._sleeps = 0
        happen()
        self.after_step()

    def _more_at_the_same_time(self) -> None:
        """A thread that is woken does not run at once."""
        while self._events and self.random.random() < 0.3:
            self._step()


class SeededExecutor(Executor):
    """Each request reaches the server, and later its answer comes back."""

    def __init__(self, world: World, witness: Witness, weather: Weather) -> None:
        self._world = world
        self._witness = witness
        self._weather = weather

    def submit(  # type: ignore[override]
        self, send: Callable[[Batch], None], batch: Batch
    ) -> Future[None]:
        """Begin a request; the server sees it later, so others may come first."""
        self._witness.begins(batch)
        future: Future[None] = Future()
        future.set_running_or_notify_cancel()
        there, back = self._weather.latency(self._world.random)
        self._world.after(there, lambda: self._arrive(send, batch, future, back))
        return future

    def _arrive(
        self, send: Callable[..., Any], batch: Batch, future: Future[None], back: float
    ) -> None:
        error: Exception | None = None
        try:
            send(batch)
        except ContentsquareTargetError as raised:
            error = raised
        self._world.after(back, lambda: self._answer(batch, future, error))

    def _answer(
        self, batch: Batch, future: Future[None], error: Exception | None
    ) -> None:
        self._witness.answered(batch, error)
        if error is None:
            future.set_result(None)
        else:
            future.set_exception(error)
