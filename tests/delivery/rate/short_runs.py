"""Short runs against servers that save up little: finding the rate is what costs.

A client that does not know the limit is refused at least once, and a `Retry-After`
then makes it wait for a second, in which a server of 20 a second would have taken a
quarter of the run. So the goals are multiples of the ideal, plus such waits.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import partial
from statistics import median

from tests.delivery.rate.play import play
from tests.delivery.rate.servers import Limited

BATCHES = 80
MAX_IN_FLIGHT = 8


@dataclass(frozen=True)
class ShortRun:
    """A server, and the goals for it.

    Attributes:
        retry_after: Seconds; None for no such header.
        latency: Seconds that an answer takes.
    """

    rate: float
    burst: int
    latency: float
    retry_after: float | None

    def __str__(self) -> str:
        header = "" if self.retry_after is None else ", Retry-After"
        answers = f"answers in {self.latency:g} s"
        return f"{self.rate:g} a second, burst {self.burst}, {answers}{header}"

    @property
    def ideal(self) -> float:
        """The seconds of a client that knows the server."""
        limited = (BATCHES - self.burst) / self.rate
        return max(limited, BATCHES / MAX_IN_FLIGHT * self.latency) + self.latency

    @property
    def goal(self) -> float:
        """Seconds: where more than one request has to be in flight it takes longer."""
        times = 1.3 if self.rate * self.latency <= 1 else 1.8
        waits = 0 if self.retry_after is None else 5 * self.retry_after
        return times * self.ideal + waits

    def medians(self, seeds: int) -> tuple[float, float]:
        """Return the seconds, and the share of the requests that was refused."""
        server = partial(
            Limited,
            rate=self.rate,
            burst=self.burst,
            retry_after=self.retry_after,
            latency=self.latency,
        )
        runs = [
            play(server, batches=BATCHES, max_in_flight=MAX_IN_FLIGHT, seed=seed)
            for seed in range(seeds)
        ]
        seconds = median(run.seconds for run in runs)
        return seconds, median(run.refused_share for run in runs)


#: At most this share of the requests of a run of 80 is refused. Most of them start
#: together, before the first refusal is known.
REFUSED = 0.18

SHORT_RUNS = [
    ShortRun(*each)
    for each in itertools.product(
        (1, 2, 5, 10, 20, 50), (1, 2, 5), (0.001, 0.03, 0.1, 0.3), (None, 1.0)
    )
]
