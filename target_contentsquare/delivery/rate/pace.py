"""How many requests a second a project takes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from target_contentsquare.delivery.rate.search import FIRST_TRY, Search

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
#: The rate grows up to this many times what really got through.
MOST_OF_ACCEPTED = 2.0


class Pace:
    """A rate that is unlimited until the first refusal, and then learnt.

    Where few requests were accepted before the first refusal, the rate is searched for;
    from then on each acceptance raises it a little, and each refusal lowers it.

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
        self._search: Search | None = None
        self._held_back_at = -math.inf
        self._accepted_at = -math.inf
        # Since the last refusal: from when on, after which request, how many.
        self._since = math.inf
        self._after = 0
        self._accepted = 0

    @property
    def is_alone(self) -> bool:
        """One request at a time may be made, to search for the rate."""
        return self._search is not None and self._search.is_alone

    @property
    def is_to_blame(self) -> bool:
        """A refusal now says more about the rate than about the number in flight.

        Requests that start together are too many for both kinds of limits; the number
        in flight is in doubt once they start at a rate that is known.
        """
        if self._is_unknown:
            return self._accepted < FIRST_TRY
        return self._search is not None

    def started(self, now: float) -> None:
        """Take note of a request that was started."""
        self._since = min(self._since, now)
        if self.per_second == math.inf:
            return
        interval = 1 / self.per_second
        if now - self.next_start < interval:
            self._held_back_at = now
        # A start that came late is not caught up: two requests that are too close to
        # each other cost a refusal where a server saves nothing up.
        self.next_start = max(self.next_start, now) + interval

    def accepted(self, attempt: Attempt, now: float) -> None:
        """Raise the rate if it held requests back while this one was in flight."""
        self._accepted_at = max(self._accepted_at, attempt.started_at)
        if attempt.number <= self._after:
            if self._search is not None:
                self._search.accepted_before(attempt.started_at)
                self._follow(self._search)
            return
        self._accepted += 1
        if self._search is not None:
            self._search.accepted(attempt.started_at, now)
            self._follow(self._search)
            return
        seconds = attempt.started_at - self._since
        is_far_off = self.per_second * seconds > MOST_OF_ACCEPTED * self._accepted
        if self._held_back_at >= attempt.started_at and not is_far_off:
            growth = min(GROWTH * self._accepted, LARGEST_GROWTH)
            raised = self.per_second * (1 + growth)
            self.per_second = min(self._max_per_second, raised)

    def refused(
        self, attempt: Attempt, last: int, now: float, resumes_at: float
    ) -> None:
        """Lower the rate, once for all requests that were in flight together.

        Args:
            last: Number of the request that was started last.
            resumes_at: Nothing is sent until then.
        """
        if attempt.number <= self._after:
            return
        if self._search is not None:
            self._search.refused(attempt.started_at)
            self._follow(self._search)
        elif self._is_unknown and self.is_to_blame:
            accepted_at = max(self._accepted_at, self._since)
            self._search = Search(accepted_at, self._max_per_second)
            self._follow(self._search)
        elif self._accepted:
            self._lower(attempt)
            self.next_start = now + 1 / self.per_second
        self._since = max(now, resumes_at)
        self._after = last
        self._accepted = 0

    @property
    def _is_unknown(self) -> bool:
        return self._search is None and self.per_second == self._max_per_second

    def _follow(self, search: Search) -> None:
        lowest = max(search.per_second, LOWEST_PER_SECOND)
        self.per_second = min(lowest, self._max_per_second)
        if search.is_alone:
            self.next_start = search.next_start(self.per_second)
        if search.is_over:
            self._search = None
            self._accepted = 0
            self._since = self._accepted_at

    def _lower(self, attempt: Attempt) -> None:
        """Set the rate to a little less than what got through."""
        seconds = attempt.started_at - self._since
        if self._is_unknown:
            # Most limits are for a second, and are used up in its first tenths.
            got_through = self._accepted / max(1.0, seconds)
        else:
            got_through = self.per_second * (self._accepted + 1) / (self._accepted + 2)
            if seconds > 0:
                got_through = min(got_through, (self._accepted + 1) / seconds)
        lowest = 0.0 if self._is_unknown else LARGEST_CUT * self.per_second
        lowered = max(SHARE_AFTER_REFUSAL * got_through, lowest, LOWEST_PER_SECOND)
        self.per_second = min(self.per_second, lowered)
