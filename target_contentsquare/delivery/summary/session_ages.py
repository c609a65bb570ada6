"""How old sessions were when their rows were delivered: is a run in time?"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

#: Contentsquare takes no data for sessions that started longer ago.
MOST_HOURS = 7 * 24
#: Rows of sessions with less time left than this are counted.
SHORT_HOURS = 12

_ACCEPTED = timedelta(hours=MOST_HOURS)
_SHORT = timedelta(hours=SHORT_HOURS)
_HOUR = timedelta(hours=1)
_ZERO = timedelta(0)
# Of a batch with more rows than a few, each eighth stands for the seven after it. That
# takes 0.1 µs a row; looking at each takes 0.4.
_FEW = 25
_STEP = 8


@dataclass(slots=True)
class AgeCounts:
    """Delivered rows by the age of their session, in whole hours.

    Attributes:
        by_hour: Rows by the hours that had passed since the start, each 0 to 168.
        oldest: The greatest age; None if no start was known.
        short: Rows whose sessions had less than 12 hours left to be enriched in.
        without_start: Rows that do not say when their session started.
        in_future: Rows of sessions that start over an hour from now.
    """

    by_hour: Counter[int] = field(default_factory=Counter)
    oldest: timedelta | None = None
    short: int = 0
    without_start: int = 0
    in_future: int = 0

    def merge(self, others: AgeCounts) -> None:
        """Count the rows of others as well."""
        self.by_hour.update(others.by_hour)
        if others.oldest is not None:
            self.oldest = max(self.oldest or _ZERO, others.oldest)
        self.short += others.short
        self.without_start += others.without_start
        self.in_future += others.in_future

    def hours_of(self, share: float) -> int | None:
        """Return the age, in hours begun, that this share of the rows is below.

        Args:
            share: Of those whose start is known, above 0 and up to 1.
        """
        wanted = share * self.by_hour.total()
        for hours in sorted(self.by_hour):
            wanted -= self.by_hour[hours]
            if wanted <= 0:
                return hours + 1
        return None

    def report(self) -> Iterator[str]:
        """Yield lines for a person; none if no row was delivered."""
        parts = []
        if self.oldest is not None:
            median, most = self.hours_of(0.5), self.hours_of(0.95)
            parts.append(
                f"half under {median} h, 95 % under {most} h, "
                f"oldest {self.oldest / _HOUR:,.1f} h"
            )
        counts = {
            f"with under {SHORT_HOURS} h left": self.short,
            "without session start": self.without_start,
            "in the future by over 1 h": self.in_future,
        }
        parts += [f"{rows:,} {what}" for what, rows in counts.items() if rows]
        if parts:
            yield f"session ages at delivery: {'; '.join(parts)}"

    def as_dict(self) -> dict[str, Any]:
        """Return the same as numbers."""
        return {
            "median_below_hours": self.hours_of(0.5),
            "p95_below_hours": self.hours_of(0.95),
            "oldest_hours": self.oldest and round(self.oldest / _HOUR, 1),
            "under_12_hours_left": self.short,
            "without_start": self.without_start,
            "in_future": self.in_future,
        }


class SessionAges(AgeCounts):
    """Counts delivered rows by the age of their session.

    The memory that it takes does not grow with the rows.

    Args:
        now: Returns the time of day in UTC.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        super().__init__()
        self._now = now

    def add(self, starts: Sequence[datetime | None]) -> None:
        """Take note of rows that were delivered just now.

        Args:
            starts: When the session of each started; None: not known.
        """
        known = [start for start in starts if start is not None]
        self.without_start += len(starts) - len(known)
        if not known:
            return
        now = self._now()
        greatest = now - min(known)
        self.oldest = max(self.oldest or _ZERO, greatest)
        if greatest > _ACCEPTED - _SHORT:
            self.short += sum(now - start > _ACCEPTED - _SHORT for start in known)
        if max(known) - now > _HOUR:
            self.in_future += sum(_is_in_future(start, now) for start in known)
        self._count_hours(known, now)

    def _count_hours(self, known: Sequence[datetime], now: datetime) -> None:
        step = 1 if len(known) <= _FEW else _STEP
        hours = [_hours(now - start) for start in known[::step]]
        by_hour = self.by_hour
        for hour in hours:
            by_hour[hour] += step
        by_hour[hours[-1]] -= len(hours) * step - len(known)

    def take(self) -> AgeCounts:
        """Return the counts so far, and begin anew."""
        counts = AgeCounts()
        counts.merge(self)
        super().__init__()
        return counts


def _hours(age: timedelta) -> int:
    """Return the whole hours of an age, which 7 days are the most of."""
    return min(max(age.days * 24 + age.seconds // 3600, 0), MOST_HOURS)


def _is_in_future(start: datetime, now: datetime) -> bool:
    """Return whether a session starts too late to be true.

    A date alone is read as its end, which is no sign of a wrong clock.
    """
    return start - now > _HOUR and start.time() != time.max
