"""Where a row comes from: what is needed to count it, name it and write it down."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from target_contentsquare.delivery.summary import StreamCounts


class Source(msgspec.Struct):
    """A stream as the tap writes it, under one of its schemas.

    Attributes:
        schema: The SCHEMA message.
        rows: RECORD messages so far, over all schemas of the stream.
    """

    stream: str
    schema: Mapping[str, Any]
    rows: int = 0

    def where(self, number: int) -> str:
        """Name a row, for messages."""
        return f"stream '{self.stream}', row {number}"


class Origin(msgspec.Struct, frozen=True, gc=False):
    """Where a row came from: enough to count it, and to write it down.

    Attributes:
        counts: Of the stream that the row belongs to after stream maps.
        number: Of the row among those of its source, from 1.
        line: The RECORD message as it arrived.
    """

    counts: StreamCounts
    source: Source
    number: int
    line: bytes

    @property
    def where(self) -> str:
        """The row's name, for messages."""
        return self.source.where(self.number)
