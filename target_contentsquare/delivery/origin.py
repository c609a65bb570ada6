"""Where a row comes from: what it takes to count, to name and to keep it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from target_contentsquare.delivery.memory.superseded import EarlierRejection
    from target_contentsquare.delivery.summary.summary import StreamCounts


def _size_unknown(raw: Any) -> int:
    _ = raw
    return 0


class Together(ABC):
    """Rows that came together, as their host has them.

    To take each of them out takes time, and most are never looked at again.
    """

    @abstractmethod
    def row(self, number: int) -> Any:
        """Return a row by itself.

        Args:
            number: Of the row among those of its source.
        """


class Source(msgspec.Struct):
    """What a host reads a stream's rows from; a host may add what it needs.

    Attributes:
        name: Of the stream, before stream maps.
        rows: Rows read so far, and so the number of the current one.
        is_retried: Whether its rows are those that earlier runs rejected. They come
            before all others of the run, and have numbers of their own.
        size_of: Returns how many bytes a row takes, as its host has it; 0 for a host
            that does not know.
    """

    name: str
    rows: int = 0
    is_retried: bool = False
    size_of: Callable[[Any], int] = _size_unknown

    def where(self, number: int) -> str:
        """Return a row's name for messages."""
        name = f"stream '{self.name}', row {number}"
        return f"{name} of the rejected file" if self.is_retried else name

    def key_of(self, raw: Any) -> bytes:
        """Return what tells a row from the others of its stream.

        Empty where nothing does.
        """
        _ = self, raw
        return b""

    def earlier_rejection(self, raw: Any) -> EarlierRejection | None:
        """Return when a row was rejected by an earlier run; None if it was not."""
        _ = self, raw
        return None


class Origin(msgspec.Struct, gc=False):
    """One row: its stream's counts, its place in its source, and the row itself.

    Attributes:
        counts: Of the stream that the row belongs to, after stream maps.
        number: Of the row among those of its source, from 1.
        raw: The row as its host has it, such as a line of bytes, opaque to the core; or
            the rows that it came together with.
        size: Bytes that it takes, as far as the host knows: its share of those of all
            that it came together with.
        started_at: When the row's session started; None: not known.
    """

    counts: StreamCounts
    source: Source
    number: int
    raw: Any
    size: int
    started_at: datetime | None

    @property
    def where(self) -> str:
        """The row's name for messages."""
        return self.source.where(self.number)

    @property
    def alone(self) -> Any:
        """The row as its host has it, without those that it came with."""
        raw = self.raw
        return raw.row(self.number) if isinstance(raw, Together) else raw

    def stand_alone(self) -> None:
        """Let go of those that it came with, which would stay in memory with it."""
        if isinstance(self.raw, Together):
            self.raw = self.alone
            self.size = self.source.size_of(self.raw)

    @property
    def number_in_input(self) -> int:
        """What is compared with the numbers of the run's other rows."""
        return 0 if self.source.is_retried else self.number
