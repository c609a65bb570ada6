"""What a person reads of trouble: when it starts, while it lasts, when it is over."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from target_contentsquare.delivery.rate.project_rate import ProjectRate

#: Seconds without a sign that Contentsquare works before a line is written. Shorter
#: waits are part of keeping to a rate.
TOLD_AFTER_SECONDS = 1.0
#: Seconds between two lines while it is away, and from the first refusals until what
#: was learnt from them is told.
REPEATED_AFTER_SECONDS = 10.0
#: Failures are over after so many seconds without one. A rate that was learnt is
#: refused a little more often than that, since it tries whether more is possible.
QUIET_SECONDS = 60.0
#: So many failures are told when other requests work: a single one is not.
TOLD_FAILURES = 2
#: Rates below this are shown with a decimal.
SMALL_RATE = 10
#: As `RetryableError.cause` words it.
REFUSES_CONNECTIONS = "refuses connections"


class Trouble:
    """Words the trouble with one host in a few lines, however many requests fail.

    Every method returns a line for the log, or None where there is nothing new to say.
    The rate has to be told of an event first, since the lines say what it has learnt.

    Example:
        >>> from target_contentsquare.delivery.rate.project_rate import ProjectRate
        >>> rate = ProjectRate(max_in_flight=8)
        >>> trouble = Trouble("api.contentsquare.com", rate)
        >>> rate.failed(rate.started(0.0), 1.0)
        >>> trouble.failed("HTTP 503", 1.0, waiting=7)
        >>> trouble.next_line_at
        2.0
        >>> trouble.tick(2.0, waiting=7)
        'api.contentsquare.com: HTTP 503; 7 batches wait, the run gives up in 298 s'

    Args:
        host: As it is shown, such as `api.contentsquare.com`.
        rate: The rate of the project whose requests these are.
        is_loopback: The host is this machine: the sandbox, most likely.
    """

    def __init__(
        self, host: str, rate: ProjectRate, *, is_loopback: bool = False
    ) -> None:
        self._host = host
        self._rate = rate
        self._is_loopback = is_loopback
        self._cause = ""
        # None while it works.
        self._away_since: float | None = None
        self._told_away_at: float | None = None
        self._failures = _Failures()

    def failed(self, cause: str, now: float, waiting: int) -> str | None:
        """Return what to say of a request that failed and is tried again.

        Args:
            cause: In words, such as `refuses connections` or `HTTP 503`.
            waiting: Batches that wait to be sent.
        """
        self._cause = cause
        self._failures.add(now)
        if self._away_since is None:
            self._away_since = now
        return self.tick(now, waiting)

    def worked(self, now: float) -> str | None:
        """Return what to say of a request that showed that Contentsquare works."""
        since, told_at = self._away_since, self._told_away_at
        self._away_since = self._told_away_at = None
        if since is None or told_at is None:
            return self._tell_failures(now)
        self._failures = _Failures()
        return f"{self._host} works again after {now - since:.0f} s{self._pace()}"

    def tick(self, now: float, waiting: int) -> str | None:
        """Return what to say because time has passed: see `next_line_at`.

        Args:
            waiting: Batches that wait to be sent.
        """
        if self._away_since is None:
            return self._tell_failures(now)
        is_first = self._told_away_at is None
        line_at = self.next_line_at
        if line_at is None or now < line_at:
            return None
        self._told_away_at = now
        wait = self._wait(now, waiting)
        if is_first:
            return f"{self._host}: {self._cause}{self._hint()}; {wait}"
        return f"{self.away(now)}; {wait}"

    def away(self, now: float) -> str | None:
        """Return what the run waits for: a host that does not work; else None."""
        if self._away_since is None or now < self._away_since + TOLD_AFTER_SECONDS:
            return None
        seconds = f"{now - self._away_since:.0f} s"
        return f"{self._host} has not worked for {seconds} ({self._cause})"

    @property
    def next_line_at(self) -> float | None:
        """When `tick` has something to say; None if nothing is wrong."""
        if self._told_away_at is not None:
            return self._told_away_at + REPEATED_AFTER_SECONDS
        if self._away_since is not None:
            return self._away_since + TOLD_AFTER_SECONDS
        return self._failures.next_line_at

    def is_over(self, now: float) -> bool:
        """Return whether it works, and nothing failed for a minute."""
        return self._away_since is None and self._failures.are_over(now)

    def _tell_failures(self, now: float) -> str | None:
        failures = self._failures
        if failures.are_over(now):
            self._failures = _Failures()
            over = f"{self._host}: no request failed for {QUIET_SECONDS:.0f} s"
            return f"{over}{self._pace()}" if failures.lines else None
        if not failures.is_line_due(now):
            return None
        failures.count_line(now)
        some = f"{self._host}: {self._cause} for some requests"
        if failures.lines == 1:
            return f"{some}; they are sent again, and fewer at a time"
        return f"{some}{self._pace() or self._parallel()}"

    def _wait(self, now: float, waiting: int) -> str:
        batches = "1 batch waits" if waiting == 1 else f"{waiting} batches wait"
        gives_up_at = self._rate.gives_up_at
        if gives_up_at is None:
            return batches
        return f"{batches}, the run gives up in {max(0.0, gives_up_at - now):.0f} s"

    def _hint(self) -> str:
        if self._is_loopback and self._cause == REFUSES_CONNECTIONS:
            return " (is the sandbox running?)"
        return ""

    def _pace(self) -> str:
        per_second = self._rate.per_second
        if per_second is None:
            return ""
        digits = 1 if per_second < SMALL_RATE else 0
        return f"; about {per_second:.{digits}f} requests a second are sent"

    def _parallel(self) -> str:
        return f"; {self._rate.parallel} at a time are sent"


class _Failures:
    """Failures while other requests work, and how many lines were written of them.

    Attributes:
        lines: One says that requests fail, a second one what was learnt.
    """

    def __init__(self) -> None:
        self._number = 0
        self._failed_at = math.inf
        self._line_at = math.inf
        self.lines = 0

    def add(self, now: float) -> None:
        self._number += 1
        self._failed_at = now
        if self._number == TOLD_FAILURES:
            self._line_at = now

    def count_line(self, now: float) -> None:
        self.lines += 1
        is_last = self.lines > 1
        self._line_at = math.inf if is_last else now + REPEATED_AFTER_SECONDS

    def is_line_due(self, now: float) -> bool:
        return now >= self._line_at

    def are_over(self, now: float) -> bool:
        return now >= self._failed_at + QUIET_SECONDS

    @property
    def next_line_at(self) -> float | None:
        """When there is something to say; None before enough requests failed."""
        if self._number < TOLD_FAILURES:
            return None
        return min(self._line_at, self._failed_at + QUIET_SECONDS)
