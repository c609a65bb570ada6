"""Finds out how far apart a server wants requests to be."""

from __future__ import annotations

import math

#: Requests a second that are tried first. A server that took more than this number
#: before its first refusal has shown its rate by that.
FIRST_TRY = 16.0
#: While nothing was accepted, each further try is slower by this factor; while nothing
#: was refused, it is faster than the mean so far by it.
STEP = 3.0
#: The search is over when the rate is known within this factor.
NEAR = 1.25
#: Where several are in flight, each request that is accepted raises the rate by this.
GROWTH = 1.15


class Search:
    """Narrows down the rate between two requests: one that works and one that fails.

    A server that saves nothing up accepts a request when a certain time has passed
    since the last one it accepted. So each answer says that this time is shorter, or
    longer, than the one that was tried. One request at a time is made, unless answers
    take longer than the time that is tried.

    Args:
        accepted_at: When the last request that was accepted was started.
        fails: A rate that is too high; infinite if none is known.

    Attributes:
        per_second: The rate to try next; the one that works when the search is over.
        is_alone: One request at a time may be made.
    """

    def __init__(self, accepted_at: float, fails: float) -> None:
        self.per_second = min(FIRST_TRY, fails / STEP)
        self.is_alone = True
        self._began_at = self._accepted_at = accepted_at
        self._accepted = 0
        self._works = 0.0
        self._fails = fails

    def next_start(self, per_second: float) -> float:
        """Return when the next request may start with this rate."""
        return self._accepted_at + 1 / per_second

    @property
    def is_over(self) -> bool:
        """The rate is known well enough."""
        return self._fails <= NEAR * self._works

    def accepted(self, started_at: float, now: float) -> None:
        """Try a higher rate."""
        self._accepted += 1
        interval = started_at - self._accepted_at
        if interval > 0:
            # A request that was late proves less than the rate that was tried.
            works = min(1 / interval, self.per_second)
            self._works = max(self._works, works)
            self._fails = max(self._fails, self._works)
            self._accepted_at = started_at
        if self.is_alone:
            self._choose()
            self.is_alone = self.next_start(self.per_second) >= now
        else:
            self.per_second = min(GROWTH * self.per_second, self._fails, self._highest)

    def accepted_before(self, started_at: float) -> None:
        """Take note of a request that was started before the last refusal was known."""
        self._accepted_at = max(self._accepted_at, started_at)

    def refused(self, started_at: float) -> None:
        """Try a lower rate, with one request at a time."""
        interval = started_at - self._accepted_at
        if interval > 0:
            self._fails = min(self._fails, 1 / interval)
        if self._works > self._fails:
            # What had been saved up is used, or others send too.
            self._works = self._fails / STEP
        self.is_alone = True
        self._choose()

    def _choose(self) -> None:
        if self._works == 0:
            self.per_second /= STEP
        elif self.is_over:
            self.per_second = self._works
        else:
            self.per_second = min(math.sqrt(self._works * self._fails), self._highest)

    @property
    def _highest(self) -> float:
        """The mean of all that were accepted, times `STEP`.

        Or the rate would be many times too high before what a server has saved up
        during a `Retry-After` is used.
        """
        seconds = self._accepted_at - self._began_at
        return STEP * self._accepted / seconds if seconds > 0 else math.inf
