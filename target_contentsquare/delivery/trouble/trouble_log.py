"""The trouble of each project, as a person reads it in the log."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from target_contentsquare.api.safe_url import is_loopback
from target_contentsquare.delivery.trouble.timeline import Timeline
from target_contentsquare.delivery.trouble.trouble import Trouble

if TYPE_CHECKING:
    from logging import Logger

    from target_contentsquare.delivery.rate.rates import Rates
    from target_contentsquare.errors import RetryableError


# A run of days in which the API comes and goes has many.
_LINES_KEPT = 100


class TroubleLog:
    """Logs a few lines of the trouble with each project; see `Trouble`.

    The rates have to be told of an event first.

    Attributes:
        timeline: What became of all requests, over time.
        lines: The latest lines, each after the seconds since the first answer.
    """

    def __init__(self, rates: Rates, log: Logger) -> None:
        self._rates = rates
        self._log = log
        self.timeline = Timeline()
        self.lines: deque[tuple[float, str]] = deque(maxlen=_LINES_KEPT)
        self._troubles: dict[int | None, Trouble] = {}

    def failed(
        self, project_id: int | None, error: RetryableError, now: float, waiting: int
    ) -> None:
        """Take note of a request that failed and is tried again.

        Args:
            waiting: Batches that wait to be sent.
        """
        self.timeline.add("limited" if error.is_throttling else "failed", now)
        trouble = self._troubles.get(project_id)
        if trouble is None:
            trouble = self._troubles[project_id] = self._trouble(project_id, error)
        self._warn(trouble.failed(error.cause, now, waiting), now)

    def worked(self, project_id: int | None, now: float) -> None:
        """Take note of a request that showed that Contentsquare works."""
        self.timeline.add("answered", now)
        if trouble := self._troubles.get(project_id):
            self._warn(trouble.worked(now), now)

    def tick(self, now: float, waiting: int) -> None:
        """Log what is due because time has passed."""
        for project_id, trouble in list(self._troubles.items()):
            self._warn(trouble.tick(now, waiting), now)
            if trouble.is_over(now):
                del self._troubles[project_id]

    def away(self, now: float) -> str | None:
        """Return which host does not work, and since when; None if all do."""
        states = (trouble.away(now) for trouble in self._troubles.values())
        return next((state for state in states if state is not None), None)

    def _trouble(self, project_id: int | None, error: RetryableError) -> Trouble:
        host = error.host or "Contentsquare"
        rate = self._rates.of(project_id)
        return Trouble(host, rate, is_loopback=is_loopback(f"//{host}"))

    def _warn(self, line: str | None, now: float) -> None:
        if line is not None:
            self.lines.append((self.timeline.seconds(now), line))
            self._log.warning("%s", line)
