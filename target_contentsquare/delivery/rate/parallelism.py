"""How many requests to a project may be in flight."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from target_contentsquare.delivery.rate.slowness import Slowness

if TYPE_CHECKING:
    from target_contentsquare.delivery.rate.attempt import Attempt

#: Requests in flight once the first one was answered.
FIRST_NUMBER = 8
#: What is left of the number when it was too high.
SHARE_AFTER_CUT = 0.85
#: The most that is cut off at once; also what the last doubling has to take back.
LARGEST_CUT = 0.5
#: As for the pace, but slower: a fifth more is tried after 77 requests, since every
#: trial of a higher number may cost as many refusals as requests are in flight.
GROWTH = 0.00006
#: The highest number that was accepted is forgotten by this share with every answer.
FORGOTTEN = 0.02


class Parallelism:
    """A number that doubles until there is trouble, and then feels its way.

    Args:
        max_in_flight: The highest number that is allowed.

    Attributes:
        number: Requests that may be in flight. Its fraction is growth to come.
    """

    def __init__(self, max_in_flight: int) -> None:
        self._max_in_flight = float(max_in_flight)
        self.number = min(float(FIRST_NUMBER), self._max_in_flight)
        self._doubling = True
        self._slowness = Slowness()
        # The highest number since it was measured what an answer usually takes.
        self._peak = self.number
        self._peak_before = self.number
        self._most_accepted = 0.0
        self._full_at = -math.inf
        # Since the last change: after which request, how many were accepted.
        self._after = 0
        self._accepted = 0

    def allows(self, in_flight: int) -> bool:
        """Return whether one more may start while so many are in flight."""
        return in_flight < int(self.number)

    def restart(self) -> None:
        """Begin as at the start of a run: Contentsquare was away."""
        self.number = min(self.number, FIRST_NUMBER)
        self._doubling = True

    def started(self, attempt: Attempt) -> None:
        """Take note of a request that was started."""
        if not self.allows(attempt.in_flight):
            self._full_at = attempt.started_at

    def accepted(self, attempt: Attempt, last: int, now: float) -> None:
        """Raise the number if it held requests back; lower it if answers are slow.

        Args:
            last: Number of the request that was started last.
        """
        self._most_accepted = max(
            attempt.in_flight, self._most_accepted * (1 - FORGOTTEN)
        )
        if attempt.number <= self._after:
            return
        is_slow = self._slowness.note(attempt, now - attempt.started_at)
        if self._full_at < attempt.started_at:
            return
        if self._slowness.is_of_the_server:
            self._set(self._peak_before)
            self._slowness.judge_anew()
        elif self._slowness.is_general:
            self._lower_for_slowness(last)
        else:
            self._grow(is_slow=is_slow)

    def explains(self, attempt: Attempt) -> bool:
        """Return whether a refusal may be due to the number in flight.

        It is not if as many were in flight when others were accepted.
        """
        return attempt.in_flight > round(self._most_accepted)

    def refused(self, attempt: Attempt, last: int) -> None:
        """Lower the number, once for all requests that were in flight together.

        If it explains the refusal, to what was accepted; otherwise by the share that
        failed: one failure in a hundred is no reason to send much less.

        Args:
            last: Number of the request that was started last.
        """
        if attempt.number <= self._after:
            return
        if self.explains(attempt):
            share = min(SHARE_AFTER_CUT, round(self._most_accepted) / self.number)
        else:
            share = self._accepted / (self._accepted + 1)
        self._cut(max(LARGEST_CUT, share), last)

    def _grow(self, *, is_slow: bool) -> None:
        self._accepted += 1
        if not self._doubling:
            self._set(self.number * (1 + GROWTH * self._accepted))
        elif not is_slow:
            self._set(self.number + 1)

    def _lower_for_slowness(self, last: int) -> None:
        if self._doubling:
            self._cut(LARGEST_CUT, last)
            self._peak = self.number
        else:
            self._cut(SHARE_AFTER_CUT, last)
        if self.number > self._peak / 2:
            self._slowness.judge_anew()
            return
        # With half as many in flight, see whether it is due to the number at all.
        self._peak_before, self._peak = self._peak, self.number
        self._slowness.measure_anew(last)

    def _cut(self, share: float, last: int) -> None:
        self._set(self.number * share)
        self._doubling = False
        self._after = last
        self._accepted = 0

    def _set(self, number: float) -> None:
        self.number = min(max(1.0, number), self._max_in_flight)
        self._peak = max(self._peak, self.number)
