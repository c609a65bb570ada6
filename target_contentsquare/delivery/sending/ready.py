"""Batches that may be sent, by project, the oldest first."""

from __future__ import annotations

import heapq
import itertools
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from target_contentsquare.delivery.sending.parts import Part


class Ready:
    """Keeps what may be sent; the oldest of a project goes first.

    A batch that is tried again so goes before newer ones.
    """

    def __init__(self) -> None:
        self._parts: dict[int | None, list[tuple[int, int, Part]]] = {}
        self._order = itertools.count()
        self._number = 0

    def __len__(self) -> int:
        return self._number

    def add(self, part: Part) -> None:
        """Add what may be sent now."""
        batch = part.batch
        heap = self._parts.setdefault(batch.project_id, [])
        heapq.heappush(heap, (batch.first_position, next(self._order), part))
        self._number += 1

    def take(self, project_id: int | None) -> Part:
        """Take out the oldest of a project."""
        heap = self._parts[project_id]
        _, _, part = heapq.heappop(heap)
        if not heap:
            del self._parts[project_id]
        self._number -= 1
        return part

    @property
    def projects(self) -> Iterator[int | None]:
        """The projects that have something to send, that of the oldest first."""
        return iter(sorted(self._parts, key=lambda project: self._parts[project][0][0]))
