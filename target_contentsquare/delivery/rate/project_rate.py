"""What may start now, for one project."""

from __future__ import annotations

import math
import random as random_module
from typing import TYPE_CHECKING

from target_contentsquare.delivery.rate.absence import Absence
from target_contentsquare.delivery.rate.attempt import Attempt
from target_contentsquare.delivery.rate.pace import Pace
from target_contentsquare.delivery.rate.parallelism import Parallelism

if TYPE_CHECKING:
    from collections.abc import Callable


class ProjectRate:
    """Learns from each answer of a project what its next requests may do.

    All times are seconds on one clock that only goes forward. Every request that is
    started ends in exactly one of `worked`, `throttled`, `failed` and `forget`.

    Example:
        >>> rate = ProjectRate(max_in_flight=8)
        >>> first = rate.started(0.0)
        >>> rate.next_start(0.0)  # None: an answer to the first has to come first
        >>> rate.worked(first, 0.1)
        >>> rate.next_start(0.1)
        0.1
        >>> second, third = rate.started(0.1), rate.started(0.1)
        >>> rate.throttled(second, 0.2, retry_after=3.0)
        >>> rate.worked(third, 0.2)
        >>> rate.next_start(0.2)  # nothing is sent for as long as the server asked
        3.2

    Args:
        max_in_flight: Requests at the same time.
        max_per_second: Requests a second, for those who know their limit.
        max_retry_seconds: How long there may be no sign that Contentsquare works.
        random: Gives numbers from 0 to 1.

    Attributes:
        in_flight: Requests that were started and have not ended.
    """

    def __init__(
        self,
        *,
        max_in_flight: int,
        max_per_second: float | None = None,
        max_retry_seconds: float = 300.0,
        random: Callable[[], float] = random_module.random,
    ) -> None:
        self._absence = Absence(max_retry_seconds, random)
        self._pace = Pace(math.inf if max_per_second is None else max_per_second)
        self._parallelism = Parallelism(max_in_flight)
        self._last = 0
        self.in_flight = 0

    def next_start(self, now: float) -> float | None:
        """Return when the next request may start: `now` or later.

        Returns:
            Seconds on the clock; None if an answer has to come first.
        """
        at = self._absence.next_start(now)
        if at is None or (at <= now and self._pace.is_alone and self.in_flight):
            return None
        alone = self._absence.asks_alone
        if not (alone or self._parallelism.allows(self.in_flight)):
            return None
        return max(at, self._pace.next_start)

    def started(self, now: float) -> Attempt:
        """Take note of a request that is started, and return what tells it apart."""
        self.in_flight += 1
        self._last += 1
        attempt = Attempt(self._last, now, self.in_flight)
        self._absence.started(attempt)
        self._pace.started(now)
        self._parallelism.started(attempt)
        return attempt

    def worked(self, attempt: Attempt, now: float) -> None:
        """Take note of a batch that was delivered, or whose rows were refused.

        Both show that Contentsquare works.
        """
        self.forget(attempt)
        self._absence.worked(now)
        self._pace.accepted(attempt, now)
        self._parallelism.accepted(attempt, self._last, now)

    def throttled(
        self, attempt: Attempt, now: float, retry_after: float | None = None
    ) -> None:
        """Take note of an answer that says that there are too many requests.

        Args:
            retry_after: Seconds that the server asked to wait.
        """
        self._absence.failed(attempt, now, retry_after)
        self.forget(attempt)
        if self._pace.is_to_blame or not self._parallelism.explains(attempt):
            self._pace.refused(attempt, self._last, now, self._absence.resumes_at)
        else:
            self._parallelism.refused(attempt, self._last)

    def failed(
        self, attempt: Attempt, now: float, retry_after: float | None = None
    ) -> None:
        """Take note of any other failure that is tried again: 5xx, a lost connection.

        Args:
            retry_after: Seconds that the server asked to wait.
        """
        self._absence.failed(attempt, now, retry_after)
        self.forget(attempt)
        if self._absence.asks_alone:
            self._parallelism.restart()
        else:
            self._parallelism.refused(attempt, self._last)

    def forget(self, attempt: Attempt) -> None:
        """Take note of a request whose end says nothing about the rate."""
        self.in_flight -= 1
        self._absence.ended(attempt)

    def hurry(self, now: float) -> None:
        """End the current wait, and give up after 5 s without a sign.

        For a run that was told to stop. What was learnt still holds, since requests
        over the limit would only be refused.
        """
        self._absence.hurry(now)

    @property
    def is_away(self) -> bool:
        """Nothing works at present: one request at a time asks whether it does."""
        return self._absence.asks_alone and self._absence.gives_up_at is not None

    @property
    def is_over(self) -> bool:
        """It has not worked for `max_retry_seconds`, or would not when a wait ends."""
        return self._absence.is_over

    @property
    def gives_up_at(self) -> float | None:
        """When `is_over` becomes true unless something works before."""
        return self._absence.gives_up_at

    @property
    def resumes_at(self) -> float:
        """The end of the last wait that the server or our own backoff asked for."""
        return self._absence.resumes_at

    @property
    def per_second(self) -> float | None:
        """The rate that was learnt or set; None if nothing limits it."""
        return None if self._pace.per_second == math.inf else self._pace.per_second

    @property
    def parallel(self) -> int:
        """How many may be in flight, as far as was learnt."""
        return int(self._parallelism.number)
