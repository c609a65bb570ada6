"""How long to wait before the next attempt, and when to stop trying."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timezone
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

import backoff

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from target_contentsquare.errors import RetryableError

#: Answers that a later attempt may turn into a success; 401 has a cure of its own.
RETRYABLE_STATUSES = frozenset({408, 425, 429, *range(500, 600)})

#: Longest pause between two attempts, in seconds, unless the server asks for more.
MAX_PAUSE_SECONDS = 60

_DELAY_SECONDS = re.compile(r"\d{1,9}(\.\d+)?", re.ASCII)


def parse_retry_after(header: str | None, now: float) -> float | None:
    """Read a Retry-After header, in either of its forms.

    Args:
        header: Seconds, or an HTTP date.
        now: Unix seconds, to count an HTTP date from.

    Returns:
        Seconds to wait; None if there is no header, if it can't be read, or if it asks
        for no wait (our own backoff is kinder to a server in trouble).
    """
    text = (header or "").strip()
    if _DELAY_SECONDS.fullmatch(text):
        return float(text) or None
    try:
        date = parsedate_to_datetime(text)
        # Without a zone it is UTC, as all HTTP dates are.
        seconds = date.replace(tzinfo=date.tzinfo or timezone.utc).timestamp() - now
    except (ValueError, TypeError, OverflowError):
        return None
    return seconds if seconds > 0 else None


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
