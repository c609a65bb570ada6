"""The oldest row of many batches, found without looking at each of them."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

    from target_contentsquare.delivery.batches import Batch
    from target_contentsquare.enrichment import Integration

    #: What open batches are told apart by: the project and the integration.
    Place: TypeAlias = tuple[int | None, Integration]


class OldestRows:
    """The first row of each open batch, the oldest on top.

    A batch's first row only gets newer, so what the heap says of a batch may be too old
    and is corrected when it comes to the top. A look at 20,000 batches for each state
    would make the time quadratic.

    Args:
        batches: Those that are open; may change.
    """

    def __init__(self, batches: Mapping[Place, Batch]) -> None:
        self._batches = batches
        self._heap: list[tuple[int, Place]] = []

    def add(self, position: int, place: Place) -> None:
        """Add a batch that begins with the row at a position, the newest of all."""
        if len(self._heap) > 2 * len(self._batches) + 100:
            filled = ((p, b) for p, b in self._batches.items() if b.rows)
            self._heap = [(batch.first_position, p) for p, batch in filled]
            heapq.heapify(self._heap)
        self._heap.append((position, place))  # a heap may have its newest at its end

    @property
    def position(self) -> int | None:
        """Position of the oldest row; None if there is none."""
        while self._heap:
            position, place = self._heap[0]
            batch = self._batches.get(place)
            if batch is None:
                heapq.heappop(self._heap)
            elif batch.first_position == position:
                return position
            else:
                heapq.heapreplace(self._heap, (batch.first_position, place))
        return None
