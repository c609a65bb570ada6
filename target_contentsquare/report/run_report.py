"""What a report says of a run; it holds no row's value and no secret."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from target_contentsquare.report.reasons import sentence_for

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from target_contentsquare.delivery.summary.summary import Summary
    from target_contentsquare.delivery.trouble.timeline import Timeline
    from target_contentsquare.report.mapped_stream import MappedStream


@dataclass(frozen=True, slots=True)
class RunReport:
    """All that is told of a run.

    Attributes:
        program: Name and version of the host.
        ended_at: In UTC.
        error: What ended the run; None if it did what it should.
        requests: What became of them, over time.
        trouble: Lines of the log, after the seconds since the first answer.
        settings: Without secrets.
    """

    program: str
    ended_at: datetime
    error: str | None
    summary: Summary
    requests: Timeline
    trouble: Sequence[tuple[float, str]]
    mapping: Sequence[MappedStream]
    settings: Mapping[str, Any]

    def as_dict(self) -> dict[str, Any]:
        """Return the report as JSON objects."""
        ages = self.summary.ages
        return {
            "program": self.program,
            "ended_at": self.ended_at.isoformat(timespec="seconds"),
            "error": self.error,
            "rows": self.summary.as_dict(),
            "skipped_rows": dict(self.summary.skipped),
            "removed_rows": dict(self.summary.removed),
            "reasons": {
                reason: sentence_for(reason) for reason in self.summary.reasons
            },
            "session_age_hours": dict(sorted(ages.by_hour.items())),
            "requests": {
                "seconds_per_step": self.requests.step,
                "steps": [dict(column) for column in self.requests.columns],
            },
            "trouble": [
                {"second": round(second, 1), "text": text}
                for second, text in self.trouble
            ],
            "mapping": [stream.as_dict() for stream in self.mapping],
            "settings": dict(self.settings),
        }
