"""Which rows have to be sent together, by a direct reading of the contract."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator

    from target_contentsquare.enrichment import Key
    from tests.simulation.scenario import InputRow

#: Numbers of the rows of one request, in the order they were read.
Part: TypeAlias = tuple[int, ...]
#: Project and integration version, which the rows of a batch share.
Destination: TypeAlias = tuple[int | None, int]


@dataclass(eq=False, slots=True)
class ExpectedBatch:
    """A batch that is complete, until all its rows are settled.

    Attributes:
        older: The unsettled batches before it that share a key with it.
        parts: What is unsettled: the whole batch, later its halves, then nothing.
        answers: How many of its requests were delivered or refused.
    """

    rows: dict[Key, InputRow]
    older: list[ExpectedBatch]
    parts: set[Part] = field(default_factory=set)
    answers: int = 0

    @property
    def may_go(self) -> bool:
        """Whether all older batches with one of its keys are settled."""
        return all(not batch.parts for batch in self.older)

    @property
    def max_answers(self) -> int:
        """The most requests that it may need.

        That is one, and two for each halving of a part with a refused row in it.
        """
        refused = sum(row.outcome == "refused" for row in self.rows.values())
        return 1 + 2 * refused * math.ceil(math.log2(len(self.rows)))

    def halve(self, part: Part) -> None:
        """Replace a part that was refused by its halves."""
        middle = (len(part) + 1) // 2
        self.parts.remove(part)
        self.parts |= {part[:middle], part[middle:]}


@dataclass(slots=True)
class _OpenBatch:
    opened_at: float
    rows: dict[Key, InputRow] = field(default_factory=dict)


class ExpectedBatches:
    """Fills batches, and keeps those that are complete until they are settled.

    Args:
        size: Rows at which a batch is full.
        events: As in `Observer`.
    """

    def __init__(self, size: int, events: Counter[str]) -> None:
        self._size = size
        self._events = events
        self._open: dict[Destination, _OpenBatch] = {}
        self._unsettled: dict[ExpectedBatch, None] = {}
        self._batch_of_row: dict[int, ExpectedBatch] = {}

    def __iter__(self) -> Iterator[ExpectedBatch]:
        return iter(self._unsettled)

    def of(self, number: int) -> ExpectedBatch | None:
        """Return the complete batch of a row; None while its batch is open."""
        return self._batch_of_row.get(number)

    def add(self, row: InputRow, now: float) -> InputRow | None:
        """Put a row into its open batch, and return the row that it replaces."""
        destination = (row.key[0], row.version)
        replaced = None
        for other, batch in list(self._open.items()):
            if row.key in batch.rows:
                replaced = batch.rows.pop(row.key)
                if not batch.rows and other != destination:
                    del self._open[other]
        filling = self._open.setdefault(destination, _OpenBatch(now))
        filling.rows[row.key] = row
        if len(filling.rows) == self._size:
            self._close(destination)
        return replaced

    def close_opened_until(self, moment: float) -> None:
        """Complete the batches that were opened at a moment or before."""
        due = [d for d, batch in self._open.items() if batch.opened_at <= moment]
        for destination in due:
            self._events["part-filled batch"] += 1
            self._close(destination)

    def settle(self, batch: ExpectedBatch, part: Part) -> None:
        """Remove a part whose rows are delivered or rejected."""
        batch.parts.remove(part)
        if not batch.parts:
            del self._unsettled[batch]

    def _close(self, destination: Destination) -> None:
        rows = self._open.pop(destination).rows
        older = [b for b in self._unsettled if b.rows.keys() & rows.keys()]
        batch = ExpectedBatch(rows, older)
        batch.parts.add(tuple(row.number for row in rows.values()))
        self._unsettled[batch] = None
        self._batch_of_row.update(
            dict.fromkeys((r.number for r in rows.values()), batch)
        )
        self._events["batch behind another"] += not batch.may_go
