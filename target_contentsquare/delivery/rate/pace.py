"""How many requests a second a project takes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from target_contentsquare.delivery.rate.attempt import Attempt

#: The rate after a refusal is this share of what got through: a little less, so that
#: what the server saves up while there are fewer requests fills again.
SHARE_AFTER_REFUSAL = 0.9
#: No refusal lowers the rate by more than this: it may be the doing of others.
LARGEST_CUT = 0.5
#: The rate is never lowered below this, as in AWS's adaptive mode: from a lower one it
#: would take minutes to recover. Waits after refusals slow requests down further.
LOWEST_PER_SECOND = 0.5
#: Each request that gets through raises the rate by this, times the number of those
#: that got through since the last refusal: slowly near the limit, then ever faster.
#: A tenth is won back in 29 requests, and 3 to 4 % are refused in the long run.
GROWTH = 0.00025
#: The most that one request raises the rate by. Without it the rate would be five
#: times too high when what a server of 100 a second has saved up is used.
LARGEST_GROWTH = 0.015
#: What each raises it by after the first refusal, when the rate is but a guess.
GROWTH_OF_GUESS = 0.03
#: The rate grows up to this many times what really got through.
MOST_OF_ACCEPTED = 2.0
#: Seconds by which starts that came late are caught up.
CATCH_UP_SECONDS = 0.05


class Pace:
    """A rate that is unlimited until the first refusal, and then learnt.

    Args:
        max_per_second: The highest rate that is allowed.

    Attributes:
        per_second: Requests a second; infinite while there is no reason for a limit.
        next_start: When the next request may start.
    """

    def __init__(self, max_per_second: float = math.inf) -> None:
        self._max_per_second = max_per_second
        self.per_second = max_per_second
        self.next_start = -math.inf
        self._is_guess = False
        self._held_back_at = -math.inf
        # Since the last refusal: from when on, after which request, how many.
        self._since = math.inf
        self._after = 0
        self._accepted = 0

    def started(self, now: float) -> None:
        """Take note of a request that was started."""
        self._since = min(self._since, now)
        if self.per_second == math.inf:
            return
        interval = 1 / self.per_second
        if now - self.next_start < interval:
            self._held_back_at = now
        self.next_start = max(self.next_start, now - CATCH_UP_SECONDS) + interval

    def accepted(self, attempt: Attempt) -> None:
        """Raise the rate if it held requests back while this one was in flight."""
        if attempt.number <= self._after:
            return
        self._accepted += 1
        seconds = attempt.started_at - self._since
        is_far_off = self.per_second * seconds > MOST_OF_ACCEPTED * self._accepted
        if self._held_back_at >= attempt.started_at and not is_far_off:
            raised = self.per_second * (1 + self._growth)
            self.per_second = min(self._max_per_second, raised)

    def refused(
        self, attempt: Attempt, last: int, now: float, resumes_at: float
    ) -> None:
        """Lower the rate to a little less than what got through.

        Only once for all requests that were in flight together, and only if some got
        through since: otherwise nothing is known but that one has to wait.

        Args:
            last: Number of the request that was started last.
            resumes_at: Nothing is sent until then.
        """
        if attempt.number <= self._after or not self._accepted:
            return
        self._lower(SHARE_AFTER_REFUSAL * self._got_through(attempt))
        self.next_start = now + 1 / self.per_second
        self._since = max(now, resumes_at)
        self._after = last
        self._accepted = 0

    @property
    def _is_unknown(self) -> bool:
        return self.per_second == self._max_per_second

    @property
    def _growth(self) -> float:
        if self._is_guess:
            return GROWTH_OF_GUESS
        return min(GROWTH * self._accepted, LARGEST_GROWTH)

    def _lower(self, per_second: float) -> None:
        self._is_guess = self._is_unknown
        if self.per_second < math.inf:
            per_second = max(per_second, self.per_second * LARGEST_CUT)
        per_second = max(per_second, LOWEST_PER_SECOND)
        self.per_second = min(self.per_second, per_second)

    def _got_through(self, attempt: Attempt) -> float:
        """Return how many a second got through before this one was refused."""
        seconds = attempt.started_at - self._since
        if self._is_unknown:
            # Most limits are for a second, and are used up in its first tenths.
            return self._accepted / max(1.0, seconds)
        share = self.per_second * self._accepted / (self._accepted + 1)
        return min(share, (self._accepted + 1) / seconds) if seconds > 0 else share
