"""Whether answers take longer than they did with fewer requests in flight."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from target_contentsquare.delivery.rate.attempt import Attempt

#: What an answer usually takes is the mean of so many requests. They are counted by
#: their start: the first to be answered would be the quickest of those in flight.
MEASURED_REQUESTS = 5
#: An answer is slow if it takes this many times what is usual.
SLOW = 1.4
#: Answers are slow if more than half of about this many are. A single slow answer is
#: jitter: of answers whose times vary at random, under a fifth are slow.
JUDGED_ANSWERS = 12


class Slowness:
    """Compares answers with those to a few requests that were measured.

    Attributes:
        usual: Seconds that an answer usually takes; 0 while nothing was measured.
    """

    def __init__(self) -> None:
        self.usual = 0.0
        self._measured = 0
        self._measured_up_to = MEASURED_REQUESTS
        self._before: float | None = None
        self._slow_share = 0.0

    @property
    def is_general(self) -> bool:
        """More than half of the last answers were slow."""
        return self._slow_share > 1 / 2

    @property
    def is_of_the_server(self) -> bool:
        """Answers were measured anew with fewer in flight, and were still slow."""
        if self._before is None or self._measured < MEASURED_REQUESTS:
            return False
        return self.usual > SLOW * self._before

    def note(self, attempt: Attempt, seconds: float) -> bool:
        """Take note of an answer, and return whether it was slow.

        Args:
            seconds: What it took.
        """
        if attempt.number <= self._measured_up_to:
            self._measured += 1
            self.usual += (seconds - self.usual) / self._measured
            return False
        is_slow = 0 < SLOW * self.usual < seconds
        self._slow_share += (is_slow - self._slow_share) / JUDGED_ANSWERS
        return is_slow

    def judge_anew(self) -> None:
        """Forget the last answers: fewer requests are in flight from now on."""
        self._slow_share = 0.0
        self._before = None

    def measure_anew(self, last: int) -> None:
        """Measure what is usual with the next requests.

        Args:
            last: Number of the request that was started last.
        """
        self.judge_anew()
        self._before = self.usual
        self.usual = 0.0
        self._measured = 0
        self._measured_up_to = last + MEASURED_REQUESTS
