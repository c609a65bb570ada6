"""Sends batches to simulated servers as delivery does, and measures."""

from __future__ import annotations

import heapq
import itertools
from collections import deque
from dataclasses import dataclass, field
from random import Random
from statistics import mean
from typing import TYPE_CHECKING

from target_contentsquare.delivery.rate.project_rate import ProjectRate
from target_contentsquare.delivery.rate.rates import Rates
from tests.delivery.rate.servers import Answer, Outcome, Server

if TYPE_CHECKING:
    from collections.abc import Callable

    from target_contentsquare.delivery.rate.attempt import Attempt

    NewRate = Callable[[Random, int], ProjectRate]


class GivenUpError(AssertionError):
    """The run failed, since it saw no sign that the server works for too long."""


class FixedNumber(ProjectRate):
    """Learns nothing: always the same number in flight, to compare with."""

    def next_start(self, now: float) -> float | None:
        return now if self.in_flight < self.fixed else None

    fixed = 1


def fixed(number: int) -> NewRate:
    """Return what makes a rate with always so many in flight."""

    def new_rate(random: Random, max_in_flight: int) -> ProjectRate:
        _ = random
        rate = FixedNumber(max_in_flight=max_in_flight)
        rate.fixed = number
        return rate

    return new_rate


def learnt(random: Random, max_in_flight: int) -> ProjectRate:
    """Return the rate that is tested, with the settings' defaults."""
    return ProjectRate(max_in_flight=max_in_flight, random=random.random)


@dataclass(slots=True)
class Measured:
    """What happened, of one project.

    Attributes:
        starts: When requests were started, and how they ended.
        seconds: When the last batch was delivered.
        waits: From when a batch was there until it was delivered.
        progress: When the oldest batch that was not delivered became another one.
        in_flight_seconds: Requests in flight, times seconds.
    """

    starts: list[tuple[float, Answer]] = field(default_factory=list)
    seconds: float = 0.0
    waits: list[float] = field(default_factory=list)
    progress: list[float] = field(default_factory=lambda: [0.0])
    in_flight_seconds: float = 0.0
    most_in_flight: int = 0

    @property
    def requests(self) -> int:
        return len(self.starts)

    @property
    def refused_share(self) -> float:
        return 1 - len(self.waits) / self.requests

    @property
    def mean_in_flight(self) -> float:
        return self.in_flight_seconds / self.seconds

    @property
    def longest_wait(self) -> float:
        """The longest wait, in multiples of the mean."""
        return max(self.waits) / mean(self.waits)

    @property
    def longest_halt(self) -> float:
        """The longest time without progress: no newer state could be printed."""
        return max(b - a for a, b in itertools.pairwise(self.progress))

    def full_rate_at(self, number: int) -> float:
        """Return when so many requests were in flight for the first time."""
        ends: list[float] = []
        for at, answer in self.starts:
            while ends and ends[0] <= at:
                heapq.heappop(ends)
            heapq.heappush(ends, at + answer.seconds)
            if len(ends) >= number:
                return at
        return float("inf")


class _Project:
    """The batches of a project: their numbers are their order."""

    def __init__(self, server: Server, batches: int) -> None:
        self.server = server
        self.measured = Measured()
        self._unread = deque(range(batches))
        self._there_since: dict[int, float] = {}
        self.waiting: list[int] = []

    @property
    def is_done(self) -> bool:
        return not self._unread and not self._there_since

    def read(self, now: float, at_most: int) -> None:
        """Read on until so many batches are there: a slow server slows reading."""
        while self._unread and len(self._there_since) <= at_most:
            batch = self._unread.popleft()
            self._there_since[batch] = now
            heapq.heappush(self.waiting, batch)

    def delivered(self, batch: int, now: float) -> None:
        oldest = next(iter(self._there_since))
        self.measured.waits.append(now - self._there_since.pop(batch))
        self.measured.seconds = now
        if batch == oldest:
            self.measured.progress.append(now)


class Play:
    """One run: events in a heap, and one thread that looks at them in turn.

    Args:
        projects: Servers, and how many batches go to each.

    Attributes:
        most_in_flight: Of all projects together.
    """

    def __init__(
        self,
        projects: dict[int | None, tuple[Server, int]],
        *,
        max_in_flight: int,
        random: Random,
        new_rate: NewRate = learnt,
    ) -> None:
        self._projects = {
            name: _Project(server, batches)
            for name, (server, batches) in projects.items()
        }
        self._max_in_flight = max_in_flight
        self.rates = Rates(
            max_in_flight=max_in_flight,
            new_rate=lambda: new_rate(random, max_in_flight),
        )
        self.most_in_flight = 0
        self._now = 0.0
        self._order = itertools.count()
        self._answers: list[tuple[float, int, int | None, int, Attempt, Answer]] = []

    def run(self) -> dict[int | None, Measured]:
        """Deliver all batches, and return what was measured by project."""
        while not all(project.is_done for project in self._projects.values()):
            wakes_at = self._start_requests()
            answers_at = self._answers[0][0] if self._answers else float("inf")
            assert min(wakes_at, answers_at) < float("inf"), "it waits for nothing"
            if answers_at <= wakes_at:
                self._take_answer()
            else:
                self._now = wakes_at
        return {name: project.measured for name, project in self._projects.items()}

    def _start_requests(self) -> float:
        """Start what may start, and return when to look again."""
        for project in self._projects.values():
            project.read(self._now, self._max_in_flight)
        while True:
            waiting = [name for name, each in self._projects.items() if each.waiting]
            turn = self.rates.next_turn(
                self._now, waiting, in_flight=len(self._answers)
            )
            if turn is None:
                return float("inf")
            if turn.at > self._now:
                return turn.at
            self._start(turn.project_id)

    def _start(self, name: int | None) -> None:
        project, rate = self._projects[name], self.rates.of(name)
        batch = heapq.heappop(project.waiting)  # the oldest
        attempt = rate.started(self._now)
        self.most_in_flight = max(self.most_in_flight, len(self._answers) + 1)
        measured = project.measured
        measured.most_in_flight = max(measured.most_in_flight, rate.in_flight)
        answer = project.server.arrive(self._now)
        measured.starts.append((self._now, answer))
        measured.in_flight_seconds += answer.seconds
        event = (self._now + answer.seconds, next(self._order))
        heapq.heappush(self._answers, (*event, name, batch, attempt, answer))

    def _take_answer(self) -> None:
        self._now, _, name, batch, attempt, answer = heapq.heappop(self._answers)
        project, rate = self._projects[name], self.rates.of(name)
        if answer.outcome is Outcome.WORKED:
            rate.worked(attempt, self._now)
            project.delivered(batch, self._now)
            return
        heapq.heappush(project.waiting, batch)
        tell = rate.throttled if answer.outcome is Outcome.THROTTLED else rate.failed
        tell(attempt, self._now, answer.retry_after)
        if rate.is_over:
            raise GivenUpError(f"after {self._now:.0f} s")


def play(
    server: Callable[[Random], Server],
    *,
    batches: int,
    max_in_flight: int,
    seed: int,
    new_rate: NewRate = learnt,
) -> Measured:
    """Send batches to one project."""
    random = Random(seed)  # noqa: S311 - repeatable on purpose
    run = Play(
        {None: (server(random), batches)},
        max_in_flight=max_in_flight,
        random=random,
        new_rate=new_rate,
    )
    return run.run()[None]
