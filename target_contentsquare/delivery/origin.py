"""Where a row comes from: what it takes to count, to name and to keep it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from datetime import datetime

    from target_contentsquare.delivery.summary import StreamCounts


class Source(msgspec.Struct):
    """What a host reads a stream's rows from; a host may add what it needs.

    Attributes:
        name: Of the stream, before stream maps.
        rows: Rows read so far, and so the number of the current one.
    """

    name: str
    rows: int = 0

    def key_of(self, raw: Any) -> Any:
        """Return what tells a row of this source from the others; None if nothing does.

        Args:
            raw: The row, as in `Origin`.
        """
        _ = raw

    def where(self, number: int) -> str:
        """Return a row's name for messages."""
        return f"stream '{self.name}', row {number}"


class Origin(msgspec.Struct, frozen=True, gc=False):
    """One row: its stream's counts, its place in its source, and the row itself.

    Attributes:
        counts: Of the stream that the row belongs to, after stream maps.
        number: Of the row among those of its source, from 1.
        raw: The row as its host has it, such as a line of bytes; opaque to the core.
        started_at: When the row's session started; None: not known.
    """

    counts: StreamCounts
    source: Source
    number: int
    raw: Any
    started_at: datetime | None = None

    @property
    def where(self) -> str:
        """The row's name for messages."""
        return self.source.where(self.number)
