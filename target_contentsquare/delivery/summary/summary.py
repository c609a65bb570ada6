"""What became of the rows: counters, progress, and the report at the end."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from target_contentsquare.delivery.clock import utc_now
from target_contentsquare.delivery.summary.session_ages import SessionAges
from target_contentsquare.delivery.summary.speed import Speed
from target_contentsquare.mapping.row_function import SESSION_TOO_OLD

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from target_contentsquare.errors import Fault

#: Seconds until the first progress line, and between two.
FIRST_PROGRESS_SECONDS = 2.0
PROGRESS_SECONDS = 10.0
# The last warning of a run names so many of the commonest reasons.
_REASONS_TOLD = 3


@dataclass(slots=True)
class StreamCounts:
    """One stream's rows. Each that was read ends in one of the other counts.

    Attributes:
        merged: Rows that a later one replaced before they were sent.
        merged_other_row: Those of them that another source row replaced.
        rejected: By the first reason, so that the numbers add up.
        faults: Rejected rows by each of their reasons, and the field that it is about.
    """

    stream: str = ""
    read: int = 0
    delivered: int = 0
    unchanged: int = 0
    merged: int = 0
    merged_other_row: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)
    faults: Counter[tuple[str, str | None]] = field(default_factory=Counter)

    def count_rejected(self, faults: Sequence[Fault]) -> None:
        """Count a rejected row with all that is wrong with it."""
        self.rejected[faults[0].reason] += 1
        # The row counts once for a reason and field, however often it has that fault.
        places = ((fault.reason, fault.field) for fault in faults)
        self.faults.update(dict.fromkeys(places, 1))

    @property
    def unsettled(self) -> int:
        """Rows that were read and are nowhere yet: none after a run that succeeded."""
        settled = self.delivered + self.unchanged + self.merged
        return self.read - settled - self.dropped.total() - self.rejected.total()

    def as_dict(self) -> dict[str, Any]:
        """Return the counts as numbers."""
        return {
            "read": self.read,
            "delivered": self.delivered,
            "unchanged": self.unchanged,
            "merged": self.merged,
            "merged_other_row": self.merged_other_row,
            "dropped": dict(self.dropped),
            "rejected": dict(self.rejected),
            "faults": [
                {"reason": reason, "field": field, "rows": rows}
                for (reason, field), rows in self.faults.most_common()
            ],
            "unsettled": self.unsettled,
        }


class Summary:
    """The counts of a run, by stream.

    Args:
        clock: Seconds that only go forward.
        now: The time of day in UTC.
        is_dry_run: Nothing is sent: rows would be delivered, and are not.

    Attributes:
        ages: Of the sessions, when their rows were delivered.
        rejected_again: Rows that earlier runs have rejected, and this one too.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        now: Callable[[], datetime] = utc_now,
        *,
        is_dry_run: bool = False,
    ) -> None:
        self._clock = clock
        self._speed = Speed(clock)
        self.is_dry_run = is_dry_run
        self.ages = SessionAges(now)
        self._started_at = clock()
        self._next_progress = self._started_at + FIRST_PROGRESS_SECONDS
        self.streams: dict[str, StreamCounts] = {}
        self.skipped: Counter[str] = Counter()
        self.removed: Counter[str] = Counter()
        self.requests = 0
        self.rejected_again = 0

    def counts(self, stream: str) -> StreamCounts:
        """Return a stream's counts, which go on when its schema changes."""
        return self.streams.setdefault(stream, StreamCounts(stream))

    @property
    def rejected(self) -> int:
        """Rejected rows of all streams."""
        return sum(counts.rejected.total() for counts in self.streams.values())

    @property
    def newly_rejected(self) -> int:
        """Rejected rows of all streams, but for those of earlier runs."""
        return self.rejected - self.rejected_again

    @property
    def total(self) -> StreamCounts:
        """All streams together."""
        total = StreamCounts()
        for counts in self.streams.values():
            total.read += counts.read
            total.delivered += counts.delivered
            total.unchanged += counts.unchanged
            total.merged += counts.merged
            total.merged_other_row += counts.merged_other_row
            total.dropped.update(counts.dropped)
            total.rejected.update(counts.rejected)
            total.faults.update(counts.faults)
        return total

    @property
    def reasons(self) -> list[str]:
        """Why rows were dropped or rejected, each reason once, in alphabetic order."""
        total = self.total
        return sorted({*total.dropped, *(reason for reason, _ in total.faults)})

    def rejected_line(self) -> str | None:
        """Return how many rows were rejected and the commonest reasons; None if none.

        A row may have several reasons.
        """
        total = self.total
        rows = total.rejected.total()
        if not rows:
            return None
        noun = "row was" if rows == 1 else "rows were"
        return f"{_number(rows)} {noun} rejected: {_faults(total, _REASONS_TOLD)}"

    def too_old_line(self) -> str | None:
        """Return that no row was delivered, and too old sessions are why; else None."""
        total = self.total
        rows = total.dropped[SESSION_TOO_OLD]
        if not rows or total.delivered or total.unchanged or total.unsettled:
            return None
        delivered = "would be delivered" if self.is_dry_run else "was delivered"
        return (
            f"no row {delivered}: {_number(rows)} of {_number(total.read)} "
            "rows belong to sessions that started over max_session_age_days ago: run "
            "more often, or correct session_started_at"
        )

    def progress(self) -> str | None:
        """Return a line for the log after 2 seconds, then every 10; otherwise None."""
        now = self._clock()
        if now < self._next_progress:
            return None
        self._next_progress = now + PROGRESS_SECONDS
        total = self.total
        speed = f"{self._speed.of(total.read):,.0f} rows a second"
        return f"so far, {self._elapsed(now)}: {self._line(total)}; {speed}"

    def status(self) -> str:
        """Return how far the run is, in few words."""
        total = self.total
        return (
            f"{_number(total.read)} read, {_number(total.delivered)} "
            f"{self._delivered}, {_number(total.rejected.total())} rejected, "
            f"{self._speed.of(total.read):,.0f} rows/s"
        )

    def report(self) -> Iterator[str]:
        """Yield the lines of the final report; the numbers add up."""
        streams = self.streams
        for name, counts in streams.items():
            yield f"stream '{name}': {self._line(counts)}"
            if counts.faults:
                yield f"stream '{name}': rejected for {_faults(counts)}"
        for name, rows in self.skipped.items():
            yield f"stream '{name}': {_number(rows)} rows skipped, it has no mapping"
        for name, rows in self.removed.items():
            yield f"stream '{name}': {_number(rows)} rows removed by stream_maps"
        if len(streams) != 1:
            yield f"all streams: {self._line(self.total)}"
        yield from self.ages.report()
        made = " would be made" if self.is_dry_run else ""
        seconds = self._elapsed(self._clock())
        yield f"{_number(self.requests)} requests{made}, {seconds}"

    def as_dict(self) -> dict[str, Any]:
        """Return the same as numbers."""
        return {
            "dry_run": self.is_dry_run,
            **self.total.as_dict(),
            "skipped": self.skipped.total(),
            "removed": self.removed.total(),
            "requests": self.requests,
            "session_ages": self.ages.as_dict(),
            "rejected_again": self.rejected_again,
            "seconds": round(self._clock() - self._started_at, 3),
            "streams": {
                name: counts.as_dict() for name, counts in self.streams.items()
            },
        }

    @property
    def _delivered(self) -> str:
        return "would be delivered" if self.is_dry_run else "delivered"

    def _line(self, counts: StreamCounts) -> str:
        merged = +Counter(other_row=counts.merged_other_row)
        parts = [
            f"{_number(counts.read)} read",
            f"{_number(counts.delivered)} {self._delivered}",
            *([f"{_number(counts.unchanged)} unchanged"] if counts.unchanged else []),
            f"{_number(counts.merged)} merged{_reasons(merged)}",
            f"{_number(counts.dropped.total())} dropped{_reasons(counts.dropped)}",
            f"{_number(counts.rejected.total())} rejected{_reasons(counts.rejected)}",
        ]
        if counts.unsettled:
            parts.append(f"{_number(counts.unsettled)} not settled")
        return f"{parts[0]} = {' + '.join(parts[1:])}"

    def _elapsed(self, now: float) -> str:
        return f"{now - self._started_at:.1f} s"


def _reasons(counts: Counter[str]) -> str:
    if not counts:
        return ""
    reasons = (f"{reason} {_number(rows)}" for reason, rows in counts.most_common())
    return f" ({', '.join(reasons)})"


def _faults(counts: StreamCounts, most: int | None = None) -> str:
    """Return the reasons and fields; a row may have several."""
    left = len(counts.faults) - len(counts.faults.most_common(most))
    more = f" and {left} more reasons" if left else ""
    return (
        ", ".join(
            f"{reason} {_number(rows)}"
            if field is None
            else f"{reason} of '{field}' {_number(rows)}"
            for (reason, field), rows in counts.faults.most_common(most)
        )
        + more
    )


def _number(value: int) -> str:
    return f"{value:,}"
