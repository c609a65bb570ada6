"""Whether Contentsquare is away, when to ask again, and when to give up."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from target_contentsquare.delivery.rate.attempt import Attempt

#: Seconds before the first question; each further wait is twice as long.
FIRST_WAIT = 0.05
#: The longest wait in the first 20 s. With it, an API that is away for 20 s is asked
#: 14 times, and its return is noticed within 2.5 s.
SHORT_WAIT = 2.0
#: After 20 s the longest wait is a tenth of the time that Contentsquare was away.
SHARE_OF_ABSENCE = 0.1
#: The longest wait of all, in seconds.
LONGEST_WAIT = 30.0
#: A wait is up to a fifth shorter or longer, so that clients don't ask all at once.
JITTER = 0.2
#: Seconds that a run that was told to stop still waits for a sign.
HURRIED_SECONDS = 5.0


class Absence:
    """Knows the last sign that Contentsquare works, and the waits since then.

    When a request fails and none worked since it was started, nothing is taken at
    present: from then on one request at a time asks whether that has changed. So does
    the first request of a run.

    Args:
        max_retry_seconds: How long there may be no sign that Contentsquare works.
        random: Gives numbers from 0 to 1.

    Attributes:
        asks_alone: One request at a time may be made.
        gives_up_at: When the run is given up unless something works before; None
            while requests work.
        is_over: At the last failure there had been no sign for too long, or the server
            asked for a wait that ends after `gives_up_at`.
    """

    def __init__(self, max_retry_seconds: float, random: Callable[[], float]) -> None:
        self._max_retry_seconds = max_retry_seconds
        self._random = random
        self._worked_at = -math.inf
        self._away_since = 0.0
        self._resumes_at = -math.inf
        self._waits = 0
        self._asking: Attempt | None = None
        self.asks_alone = True
        self.gives_up_at: float | None = None
        self.is_over = False

    def next_start(self, now: float) -> float | None:
        """Return when a request may start; None if an answer has to come first."""
        if self.asks_alone and self._asking is not None:
            return None
        return max(now, self._resumes_at)

    def started(self, attempt: Attempt) -> None:
        """Take note of a request that was started."""
        if self.asks_alone:
            self._asking = attempt

    def ended(self, attempt: Attempt) -> None:
        """Take note that an attempt is over, whatever came of it."""
        if attempt is self._asking:
            self._asking = None

    def worked(self, now: float) -> None:
        """Take note of a sign that Contentsquare works."""
        self._worked_at = now
        self._waits = 0
        self.asks_alone = False
        self.gives_up_at = None
        self.is_over = False

    def failed(self, attempt: Attempt, now: float, retry_after: float | None) -> None:
        """Take note of a failure, and wait if nothing worked since it was started.

        Call it before `ended`.

        Args:
            retry_after: Seconds that the server asked to wait.
        """
        if self.gives_up_at is None:
            self._away_since = max(attempt.started_at, self._worked_at)
            self.gives_up_at = self._away_since + self._max_retry_seconds
        if retry_after is not None:
            self._resumes_at = max(self._resumes_at, now + retry_after)
        # Others that were in flight too say nothing new.
        if attempt is self._asking or (
            not self.asks_alone and self._worked_at < attempt.started_at
        ):
            self.asks_alone = True
            # The last question is asked when the time is up.
            until = min(now + self._next_wait(now), max(now, self.gives_up_at))
            self._resumes_at = max(self._resumes_at, until)
        self.is_over = now >= self.gives_up_at or self._resumes_at > self.gives_up_at

    def hurry(self, now: float) -> None:
        """End the current wait, and give up five seconds after the last sign."""
        self._max_retry_seconds = min(self._max_retry_seconds, HURRIED_SECONDS)
        self._resumes_at = min(self._resumes_at, now)
        if self.gives_up_at is not None:
            self.gives_up_at = min(self.gives_up_at, now + HURRIED_SECONDS)

    @property
    def resumes_at(self) -> float:
        """The end of the current or last wait."""
        return self._resumes_at

    def _next_wait(self, now: float) -> float:
        longest = max(SHORT_WAIT, SHARE_OF_ABSENCE * (now - self._away_since))
        wait = min(FIRST_WAIT * 2.0**self._waits, longest, LONGEST_WAIT)
        self._waits = min(self._waits + 1, 10)
        return wait * (1 + JITTER * (2 * self._random() - 1))
