"""The servers and goals that the rate is held to, and what it reaches."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from statistics import median
from typing import TYPE_CHECKING

from tests.delivery.rate.play import fixed, learnt, play
from tests.delivery.rate.servers import (
    LATENCY,
    Busy,
    Limited,
    LimitedBySlidingWindow,
    LimitedByWindow,
    Outcome,
    Random502,
    Server,
    SlowerLater,
    constant,
    steps,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from tests.delivery.rate.play import Measured, NewRate

SEEDS = 20


@dataclass(frozen=True)
class Row:
    """A server, and the goals for it.

    Attributes:
        ideal: The seconds of a client that knows the server, or the number in flight
            that is best.
        time: The goal, in multiples of the ideal.
        refused: The goal: at most this share of the requests.
        in_flight: The goal: the mean is between these.
        longest_wait: The goal, in multiples of the mean wait of a batch.
        longest_halt: The goal: seconds in which no newer state could be printed.
    """

    name: str
    server: Callable[[Random], Server]
    batches: int
    max_in_flight: int
    ideal: float | int
    time: float
    refused: float = 1.0
    in_flight: tuple[float, float] = (0.0, 64.0)
    longest_wait: float = float("inf")
    longest_halt: float = float("inf")

    def __str__(self) -> str:
        return f"{self.name}, {self.max_in_flight} in flight at most"

    def ideal_seconds(self, seed: int) -> float:
        """Return the seconds of a client that knows the server."""
        if isinstance(self.ideal, float):
            return self.ideal
        return self.play(seed, fixed(self.ideal)).seconds

    def play(self, seed: int, new_rate: NewRate = learnt) -> Measured:
        """Run it."""
        return play(
            self.server,
            batches=self.batches,
            max_in_flight=self.max_in_flight,
            seed=seed,
            new_rate=new_rate,
        )


@dataclass(frozen=True)
class Medians:
    """What was reached: medians over the seeds."""

    seconds: float
    time: float
    refused: float
    in_flight: float
    most_in_flight: int
    longest_wait: float
    longest_halt: float


def medians(row: Row, seeds: int = SEEDS) -> Medians:
    """Run a row with many seeds."""
    runs = [row.play(seed) for seed in range(seeds)]
    ideal = median(row.ideal_seconds(seed) for seed in range(3))
    seconds = median(run.seconds for run in runs)
    return Medians(
        seconds=seconds,
        time=seconds / ideal,
        refused=median(run.refused_share for run in runs),
        in_flight=median(run.mean_in_flight for run in runs),
        most_in_flight=max(run.most_in_flight for run in runs),
        longest_wait=median(run.longest_wait for run in runs),
        longest_halt=max(run.longest_halt for run in runs),
    )


def _ideal(batches: int, rate: float, burst: float) -> float:
    return (batches - burst) / rate + LATENCY


def _five_a_second() -> list[Row]:
    return [
        Row(
            f"429 over 5 a second{', Retry-After: 1' if retry_after else ''}",
            partial(Limited, rate=5, burst=5, retry_after=retry_after),
            600,
            max_in_flight,
            _ideal(600, 5, 5),
            time=1.05,
            refused=0.10,
        )
        for retry_after in (None, 1)
        for max_in_flight in (8, 64)
    ]


#: The rows of one project that are told by time, refusals and number in flight.
ROWS = [
    Row("constant", constant, 500, 32, ideal=32, time=1.15),
    Row(
        "429 over 100 a second",
        partial(Limited, rate=100, burst=100),
        1000,
        8,
        ideal=8,
        time=1.10,
        refused=0.10,
    ),
    Row(
        "429 over 100 a second",
        partial(Limited, rate=100, burst=100),
        1000,
        64,
        _ideal(1000, 100, 100),
        time=1.10,
        refused=0.10,
    ),
    *_five_a_second(),
    Row(
        "429 over 2 a second, burst 1, Retry-After: 1",
        partial(Limited, rate=2, burst=1, retry_after=1),
        300,
        16,
        _ideal(300, 2, 1),
        time=1.5,
        refused=0.10,
        longest_wait=3.0,
        longest_halt=5.0,
    ),
    Row(
        "429 over 5 in flight",
        partial(Busy, seconds=lambda *_: LATENCY, over=5),
        500,
        64,
        ideal=5,
        time=1.15,
        refused=0.10,
    ),
    Row(
        "drops the connection over 5 in flight",
        partial(Busy, seconds=lambda *_: LATENCY, over=5, outcome=Outcome.FAILED),
        500,
        64,
        ideal=5,
        time=1.5,
    ),
    Row(
        "slower from 10 in flight on",
        partial(Busy, seconds=lambda n, _: LATENCY * 1.1 ** max(0, n - 10)),
        1000,
        64,
        ideal=10,
        time=1.10,
        in_flight=(9, 14),
    ),
    Row(
        "every further request adds 0.1 s",
        partial(Busy, seconds=lambda n, _: LATENCY * n),
        200,
        64,
        ideal=1,
        time=1.10,
        in_flight=(0, 5),
    ),
    Row(
        "0.1 s and exponential jitter of mean 0.1 s",
        partial(Busy, seconds=lambda _, random: LATENCY + random.expovariate(10)),
        1000,
        32,
        ideal=32,
        time=1.3,
    ),
    Row(
        "20 a second, 5 from 20 s on, 20 from 40 s on",
        partial(Limited, rate=steps((0, 20), (20, 5), (40, 20)), burst=20),
        1000,
        32,
        # 20 + 400 in the first 20 s, 100 in the next, and then 480.
        ideal=64.1,
        time=1.15,
    ),
]

#: Servers that were not asked for, with goals that show that nothing goes wrong.
FURTHER_ROWS = [
    Row(
        "429 over 100 in each second of the clock",
        partial(LimitedByWindow, limit=100),
        1000,
        64,
        9.1,
        time=1.2,
        refused=0.30,
    ),
    Row(
        "429 over 100 in any second",
        partial(LimitedBySlidingWindow, limit=100),
        1000,
        64,
        9.1,
        time=1.75,
        refused=0.30,
    ),
    Row(
        "429 over 20 a second",
        partial(Limited, rate=20, burst=20),
        400,
        32,
        _ideal(400, 20, 20),
        time=1.05,
        refused=0.10,
    ),
    Row(
        "429 over 20 a second, burst 1",
        partial(Limited, rate=20, burst=1),
        400,
        32,
        _ideal(400, 20, 1),
        time=1.4,
        refused=0.10,
    ),
    Row(
        "429 over one in 5 seconds",
        partial(Limited, rate=0.2, burst=1),
        40,
        8,
        _ideal(40, 0.2, 1),
        time=1.75,
    ),
    Row(
        "429 over 5 in flight, jitter",
        partial(
            Busy, seconds=lambda _, random: LATENCY + random.expovariate(10), over=5
        ),
        500,
        64,
        20.0,
        time=1.35,
        refused=0.10,
    ),
    Row(
        "slower from 10 in flight on, jitter",
        partial(
            Busy,
            seconds=lambda n, random: (
                LATENCY * 1.1 ** max(0, n - 10) * random.lognormvariate(-0.045, 0.3)
            ),
        ),
        2000,
        64,
        ideal=10,
        time=1.15,
        in_flight=(9, 18),
    ),
    Row(
        "lognormal jitter",
        partial(Busy, seconds=lambda _, random: random.lognormvariate(-1.9, 0.6)),
        1000,
        32,
        ideal=32,
        time=1.3,
    ),
    Row(
        "0.1 s, from 5 s on 0.3 s, whatever is in flight",
        SlowerLater,
        3000,
        32,
        ideal=32,
        time=1.3,
    ),
    Row(
        "1 % of the requests get 502",
        partial(Random502, share=0.01),
        2000,
        32,
        6.3,
        time=1.3,
    ),
]
