"""Whether something newer was delivered since a row was rejected."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from target_contentsquare.delivery.memory.identity import STREAM_BYTES, source_row

if TYPE_CHECKING:
    from target_contentsquare.delivery.memory.store import Entry
    from target_contentsquare.delivery.origin import Origin

#: Why a row is dropped: expected, so no error.
SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True)
class EarlierRejection:
    """When a row was rejected for the first time.

    Attributes:
        at: Unix seconds; 0 where it is not known.
        run: See `identity.run_number`; None where the file does not say.
        row: The row's number in its stream, in that run.
        stream: The name of its stream.
    """

    at: int
    run: int | None
    row: int
    stream: str = ""

    def is_older(self, other: EarlierRejection) -> bool:
        """Return whether it is known to be older than another row."""
        if self.run is None or other.run is None:
            return self.at < other.at
        if self.run != other.run:
            return self.run < other.run
        return self.stream == other.stream and self.row < other.row


def is_superseded(
    rejection: EarlierRejection, origin: Origin, entry: Entry, run: int
) -> bool:
    """Return whether an entry is newer than a row that was rejected.

    Rows of one run are compared by their order in the stream. Between two streams of a
    run that order is not known, and what was delivered counts as newer.

    Args:
        entry: Of the row's key.
        run: The current one. What it delivers before it reads its input are rejected
            rows, in their order.
    """
    if not entry.was_delivered or entry.run == run:
        return False
    if rejection.run is None:
        return entry.written_at >= rejection.at
    if entry.run != rejection.run:
        return entry.run > rejection.run
    stream = source_row(origin)[:STREAM_BYTES]
    return entry.source_row[:STREAM_BYTES] != stream or entry.row_number > rejection.row
