"""Which of the tap's states is safe to give back: pure bookkeeping."""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable

State = TypeVar("State")


class Checkpoint(Generic[State]):
    """Keeps the states that are not safe yet, and hands out the newest that is.

    A state is safe when every row before it is settled: delivered, merged, dropped or
    in the rejected file. Rows have positions 0, 1, 2, … in the order they were read; a
    state's mark is the position of the first row after it.
    """

    def __init__(self) -> None:
        self._marks: deque[tuple[int, State]] = deque()
        self._compact_at = 1024

    def mark(self, position: int, state: State) -> None:
        """Remember a state that the tap gave when `position` rows had been read."""
        if self._marks and self._marks[-1][0] == position:
            self._marks.pop()
        self._marks.append((position, state))

    def newest_safe(self, oldest_unsettled: int) -> State | None:
        """Hand out, once, the newest state that covers no unsettled row.

        Args:
            oldest_unsettled: Position of the oldest row that is not settled; the
                number of rows read if all are.
        """
        newest = None
        while self._marks and self._marks[0][0] <= oldest_unsettled:
            newest = self._marks.popleft()[1]
        return newest

    @property
    def wants_compacting(self) -> bool:
        """True when `compact` is due: marks have piled up behind an old row."""
        return len(self._marks) >= self._compact_at

    def compact(self, unsettled: Iterable[int]) -> None:
        """Forget the marks that can only become safe together with a newer one.

        Keeps memory bounded by the number of unsettled rows, however many states a
        tap writes while an old row waits.
        """
        positions = sorted(unsettled)
        kept: deque[tuple[int, State]] = deque()
        gap = None
        for mark in self._marks:
            before, gap = gap, bisect_left(positions, mark[0])
            if before == gap:
                kept.pop()
            kept.append(mark)
        self._marks = kept
        self._compact_at = max(1024, 2 * len(kept))
