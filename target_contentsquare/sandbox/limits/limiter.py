"""Which requests are within the limits."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import ceil
from typing import Final

from target_contentsquare.sandbox.limits.limits import Limits

# Rounding must not refuse a request that comes exactly when it may, or add a second.
_ROUNDING: Final = 1e-9


@dataclass(frozen=True, slots=True)
class OverLimit:
    """A request over a limit.

    Attributes:
        reason: which limit, in words.
        retry_after: whole seconds after which a request may pass; None where the
            sandbox does not tell.
    """

    reason: str
    retry_after: int | None


class Limiter:
    """Counts the requests of each project against the limits.

    The rate is a token bucket: it holds at most `burst` requests, fills at `rate` a
    second, and a request that is refused takes nothing out of it.

    Args:
        limits: what holds now; may be replaced at any time.
        clock: monotonic seconds.
    """

    def __init__(self, limits: Limits, clock: Callable[[], float]) -> None:
        """Make a limiter whose buckets are full."""
        self._clock = clock
        self._in_flight: Counter[int | None] = Counter()
        self.change(limits)

    def change(self, limits: Limits) -> None:
        """Replace the limits, and begin with full buckets."""
        self.limits = limits
        self._buckets: dict[int | None, _Bucket] = {}

    @contextmanager
    def handling(self, project: int | None) -> Iterator[OverLimit | None]:
        """Count a request while it is handled; yield None if it is within the limits.

        Args:
            project: the project of its token, None where the token is unknown.
        """
        refused = self._refusal(project)
        self._in_flight[project] += refused is None
        try:
            yield refused
        finally:
            self._in_flight[project] -= refused is None

    def _refusal(self, project: int | None) -> OverLimit | None:
        most, rate = self.limits.in_flight, self.limits.rate
        if most is not None and self._in_flight[project] >= most:
            return self._over(f"more than {most} requests at once", 1)
        if rate is None:
            return None
        wait = self._bucket(project).take(rate, self.limits.burst, self._clock())
        reason = f"more than {rate:g} requests a second"
        return self._over(reason, wait) if wait else None

    def _bucket(self, project: int | None) -> "_Bucket":
        full = _Bucket(self.limits.burst, self._clock())
        return self._buckets.setdefault(project, full)

    def _over(self, reason: str, wait: float) -> OverLimit:
        seconds = max(1, ceil(wait - _ROUNDING))
        return OverLimit(reason, seconds if self.limits.retry_after else None)


@dataclass(slots=True)
class _Bucket:
    level: float
    filled_at: float

    def take(self, rate: float, burst: int, now: float) -> float:
        """Take one request out; return the seconds to wait where there is none."""
        self.level = min(burst, self.level + (now - self.filled_at) * rate)
        self.filled_at = now
        if self.level < 1 - _ROUNDING:
            return (1 - self.level) / rate
        self.level -= 1
        return 0
