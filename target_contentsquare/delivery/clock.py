"""Time as a run sees it; a test passes its own."""

from __future__ import annotations

import time
from datetime import datetime, timezone
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def utc_now() -> datetime:
    """Return the current time in UTC."""
    return datetime.now(timezone.utc)


class Clock:
    """Seconds that only go forward, and the time of day as of the last look.

    The time of day decides which sessions are too old. Looking at it for every row
    would cost a tenth of the time that a row takes, so it is looked at after each wait.

    Attributes:
        seconds: Returns seconds that only go forward.
        now: The time of day in UTC; another object after each look.
        started_at: The time of day of the first look: when the run started.
    """

    __slots__ = ("_utc_now", "now", "seconds", "started_at")

    def __init__(
        self,
        seconds: Callable[[], float] = time.monotonic,
        utc_now: Callable[[], datetime] = utc_now,
    ) -> None:
        self.seconds = seconds
        self._utc_now = utc_now
        self.look()
        self.started_at = self.now

    def look(self) -> None:
        """Bring `now` up to date."""
        self.now = self._utc_now()
