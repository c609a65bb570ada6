"""What an API may be like. Times are seconds of virtual time."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

#: What an answer takes unless said otherwise, and how much that varies at random.
LATENCY = 0.1
NOISE = 0.001


class Outcome(Enum):
    """What became of a request."""

    WORKED = auto()
    THROTTLED = auto()
    FAILED = auto()


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, known when the request arrives.

    Attributes:
        seconds: After so long it is with the client.
        retry_after: Seconds, if it has the header.
    """

    seconds: float
    outcome: Outcome = Outcome.WORKED
    retry_after: float | None = None


class Server(Protocol):
    """Anything that answers requests."""

    def arrive(self, now: float) -> Answer:
        """Return the answer to a request that arrives now."""


class InFlight:
    """Counts the requests that a server is busy with."""

    def __init__(self) -> None:
        self._ends: list[float] = []

    def begin(self, now: float) -> int:
        """Return how many are in flight with one that arrives now."""
        while self._ends and self._ends[0] <= now:
            heapq.heappop(self._ends)
        return len(self._ends) + 1

    def end_at(self, at: float) -> None:
        """Take note of when the one that arrived last is answered."""
        heapq.heappush(self._ends, at)


class Limited:
    """Refuses what is over a rate: a token bucket, which refusals cost nothing.

    Args:
        rate: Requests a second, by time.
        burst: What it saves up while there are fewer.
        retry_after: Its header, if it gives one.
        latency: Seconds that an answer takes.
    """

    def __init__(
        self,
        random: Random,
        rate: float | Callable[[float], float],
        burst: float,
        retry_after: float | None = None,
        latency: float = LATENCY,
    ) -> None:
        self._random = random
        self._rate = rate if callable(rate) else lambda _: rate
        self._burst = self._tokens = burst
        self._retry_after = retry_after
        self._latency = latency
        self._at = 0.0

    def arrive(self, now: float) -> Answer:
        earned = (now - self._at) * self._rate(now)
        self._tokens, self._at = min(self._burst, self._tokens + earned), now
        seconds = self._latency * (1 + self._random.uniform(0, NOISE / LATENCY))
        if self._tokens < 1 - 1e-9:
            return Answer(seconds, Outcome.THROTTLED, self._retry_after)
        self._tokens -= 1
        return Answer(seconds)


class LimitedByWindow:
    """Refuses what is over so many in each second of the clock; refusals count."""

    def __init__(self, random: Random, limit: int) -> None:
        self._random = random
        self._limit = limit
        self._window, self._used = 0, 0

    def arrive(self, now: float) -> Answer:
        if int(now) != self._window:
            self._window, self._used = int(now), 0
        self._used += 1
        is_over = self._used > self._limit
        seconds = LATENCY + self._random.uniform(0, NOISE)
        return Answer(seconds, Outcome.THROTTLED if is_over else Outcome.WORKED)


class LimitedBySlidingWindow:
    """Refuses what is over so many in any second; refusals count."""

    def __init__(self, random: Random, limit: int) -> None:
        self._random = random
        self._limit = limit
        self._arrivals: list[float] = []

    def arrive(self, now: float) -> Answer:
        while self._arrivals and self._arrivals[0] <= now - 1:
            heapq.heappop(self._arrivals)
        heapq.heappush(self._arrivals, now)
        is_over = len(self._arrivals) > self._limit
        seconds = LATENCY + self._random.uniform(0, NOISE)
        return Answer(seconds, Outcome.THROTTLED if is_over else Outcome.WORKED)


class Busy:
    """Answers by how many requests are in flight.

    Args:
        seconds: What an answer takes, by the number in flight and a random source.
        over: From more than this number on, requests end as `outcome`.
    """

    def __init__(
        self,
        random: Random,
        seconds: Callable[[int, Random], float],
        over: float = float("inf"),
        outcome: Outcome = Outcome.THROTTLED,
    ) -> None:
        self._random = random
        self._seconds = seconds
        self._over = over
        self._outcome = outcome
        self._in_flight = InFlight()

    def arrive(self, now: float) -> Answer:
        in_flight = self._in_flight.begin(now)
        seconds = self._seconds(in_flight, self._random)
        seconds += self._random.uniform(0, NOISE)
        self._in_flight.end_at(now + seconds)
        is_over = in_flight > self._over
        return Answer(seconds, self._outcome if is_over else Outcome.WORKED)


class Away:
    """Answers 503 for a time, and then as another server.

    Attributes:
        asked: The times of requests that got the 503.
    """

    def __init__(
        self, random: Random, server: Server, until: float, since: float = 0.0
    ) -> None:
        self._random = random
        self._server = server
        self._since, self._until = since, until
        self.asked: list[float] = []

    def arrive(self, now: float) -> Answer:
        if not self._since <= now < self._until:
            return self._server.arrive(now)
        self.asked.append(now)
        return Answer(LATENCY + self._random.uniform(0, NOISE), Outcome.FAILED)


class NeedsToken:
    """A server whose clients sign in first: one asks, and all get its answer.

    Args:
        tokens: The token endpoint. Its answer is kept once there is one that works.

    Attributes:
        requests: Times of the token requests.
    """

    def __init__(self, server: Server, tokens: Server) -> None:
        self._server = server
        self._tokens = tokens
        self._asked_at = 0.0
        self._answer: Answer | None = None
        self.requests: list[float] = []

    def arrive(self, now: float) -> Answer:
        if self._answer is None or self._is_out_of_date(now):
            self.requests.append(now)
            self._asked_at, self._answer = now, self._tokens.arrive(now)
        left = max(0.0, self._asked_at + self._answer.seconds - now)
        if self._answer.outcome is Outcome.WORKED:
            answer = self._server.arrive(now + left)
            return Answer(left + answer.seconds, answer.outcome, answer.retry_after)
        return Answer(left, self._answer.outcome, self._answer.retry_after)

    def _is_out_of_date(self, now: float) -> bool:
        assert self._answer is not None
        is_over = now >= self._asked_at + self._answer.seconds
        return is_over and self._answer.outcome is not Outcome.WORKED


class Random502:
    """Fails now and then, whatever is in flight."""

    def __init__(self, random: Random, share: float) -> None:
        self._random = random
        self._share = share

    def arrive(self, now: float) -> Answer:
        _ = now
        fails = self._random.random() < self._share
        seconds = LATENCY + self._random.uniform(0, NOISE)
        return Answer(seconds, Outcome.FAILED if fails else Outcome.WORKED)


class SlowerLater:
    """Takes three times as long from 5 s on, however many are in flight."""

    def __init__(self, random: Random) -> None:
        self._random = random

    def arrive(self, now: float) -> Answer:
        seconds = LATENCY if now < 5 else 3 * LATENCY
        return Answer(seconds * self._random.uniform(0.9, 1.1))


def constant(random: Random) -> Server:
    """A server that always answers as quickly."""
    return Busy(random, lambda *_: LATENCY)


def steps(*changes: tuple[float, float]) -> Callable[[float], float]:
    """Return a rate that changes at times: (from when on, requests a second)."""

    def rate(now: float) -> float:
        return next(rate for at, rate in reversed(changes) if now >= at)

    return rate
