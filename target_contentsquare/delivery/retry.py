"""How long to wait before the next attempt, and when to stop trying."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import backoff

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from target_contentsquare.errors import RetryableError

#: Longest pause between two attempts, in seconds, unless the server asks for more.
MAX_PAUSE_SECONDS = 60


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How requests are retried.

    Args:
        max_seconds: How long one request keeps being retried.
        jitter: Picks a wait between nothing and the one given.
    """

    max_seconds: float
    jitter: Callable[[float], float] = backoff.full_jitter

    def begin(self, now: float) -> Retries:
        """Start counting for one request.

        Args:
            now: Seconds on the clock that `Retries.next_wait` will be given.
        """
        return Retries(self, now)


class Retries:
    """The attempts of one request: exponential backoff with full jitter."""

    __slots__ = ("_deadline", "_jitter", "_pauses", "attempts")

    def __init__(self, policy: RetryPolicy, now: float) -> None:
        self._deadline = now + policy.max_seconds
        self._jitter = policy.jitter
        self._pauses: Generator[float, None, None] | None = None
        self.attempts = 1

    def next_wait(self, error: RetryableError, now: float) -> float | None:
        """Say how many seconds to wait before the next attempt.

        A wait of our own making is cut so that the last attempt is made when the time
        is up; one that the server asked for is kept whole or not begun.

        Returns:
            Seconds, or None if the time is up.
        """
        left = self._deadline - now
        if left <= 0 or (error.retry_after is not None and error.retry_after > left):
            return None
        self.attempts += 1
        if error.retry_after is not None:
            return error.retry_after
        return min(left, self._jitter(self._next_pause()))

    def _next_pause(self) -> float:
        if self._pauses is None:
            self._pauses = backoff.expo(max_value=MAX_PAUSE_SECONDS)
            next(self._pauses)  # python-backoff's generators start with an empty yield
        return next(self._pauses)
