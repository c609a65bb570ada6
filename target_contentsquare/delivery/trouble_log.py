"""The trouble of each project, as a person reads it in the log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from target_contentsquare.api.safe_url import is_loopback
from target_contentsquare.delivery.trouble import Trouble

if TYPE_CHECKING:
    from logging import Logger

    from target_contentsquare.delivery.rate.rates import Rates
    from target_contentsquare.errors import RetryableError


class TroubleLog:
    """Logs a few lines of the trouble with each project; see `Trouble`.

    The rates have to be told of an event first.
    """

    def __init__(self, rates: Rates, log: Logger) -> None:
        self._rates = rates
        self._log = log
        self._troubles: dict[int | None, Trouble] = {}

    def failed(
        self, project_id: int | None, error: RetryableError, now: float, waiting: int
    ) -> None:
        """Take note of a request that failed and is tried again.

        Args:
            waiting: Batches that wait to be sent.
        """
        trouble = self._troubles.get(project_id)
        if trouble is None:
            trouble = self._troubles[project_id] = self._trouble(project_id, error)
        self._warn(trouble.failed(error.cause, now, waiting))

    def worked(self, project_id: int | None, now: float) -> None:
        """Take note of a request that showed that Contentsquare works."""
        if trouble := self._troubles.get(project_id):
            self._warn(trouble.worked(now))

    def tick(self, now: float, waiting: int) -> None:
        """Log what is due because time has passed."""
        for trouble in self._troubles.values():
            self._warn(trouble.tick(now, waiting))

    def away(self, now: float) -> str | None:
        """Return which host does not work, and since when; None if all do."""
        states = (trouble.away(now) for trouble in self._troubles.values())
        return next((state for state in states if state is not None), None)

    def _trouble(self, project_id: int | None, error: RetryableError) -> Trouble:
        host = error.host or "Contentsquare"
        rate = self._rates.of(project_id)
        return Trouble(host, rate, is_loopback=is_loopback(f"//{host}"))

    def _warn(self, line: str | None) -> None:
        if line is not None:
            self._log.warning("%s", line)
