"""Which of the tap's states is safe to give back: pure bookkeeping."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

# States come faster than rows are settled when a tap writes one after each row. So
# many are kept; a run that dies then starts again a little earlier at most.
_MOST_STATES = 20_000
_MOST_BYTES = 16_000_000


class _Mark(NamedTuple):
    position: int
    state: bytes


class Checkpoint:
    """Keeps the states that are not safe yet, and hands out the newest that is.

    A state is safe when every row before it is settled: delivered, unchanged, merged,
    dropped or in the rejected file. Rows have positions 0, 1, 2, … in the order they
    were read; a state's mark is the position of the first row after it.

    At most 20,000 states or 16 MB of them are kept, and always the oldest and the
    newest. Of more than that, those that are closest together make room for others.
    """

    def __init__(self) -> None:
        self._marks: deque[_Mark] = deque()
        self._bytes = 0
        # Rows between two marks that are kept.
        self._gap = 1

    def mark(self, position: int, state: bytes) -> None:
        """Remember a state that the tap gave when `position` rows had been read."""
        if self._marks and self._stands_in_for_newest(position):
            self._bytes -= len(self._marks.pop().state)
        self._marks.append(_Mark(position, state))
        self._bytes += len(state)
        count = len(self._marks)
        if count > _MOST_STATES or (self._bytes > _MOST_BYTES and count > 2):  # noqa: PLR2004 - the oldest and the newest are kept
            self._thin_out()

    def newest_safe(self, oldest_unsettled: int) -> bytes | None:
        """Return, once, the newest state that covers no unsettled row.

        Args:
            oldest_unsettled: Position of the oldest row that is not settled; the
                number of rows read if all are.
        """
        newest = None
        while self._marks and self._marks[0].position <= oldest_unsettled:
            newest = self._marks.popleft().state
            self._bytes -= len(newest)
        if not self._marks:
            self._gap = 1
        return newest

    def _stands_in_for_newest(self, position: int) -> bool:
        """Return whether the newest mark can go once there is one at `position`."""
        newest = self._marks[-1].position
        if newest == position:
            return True
        return len(self._marks) > 1 and newest - self._marks[-2].position < self._gap

    def _thin_out(self) -> None:
        """Keep about every second state."""
        oldest, newest = self._marks[0], self._marks.pop()
        span = newest.position - oldest.position
        self._gap = 2 * span // len(self._marks) + 1
        kept = deque([oldest])
        for mark in self._marks:
            if mark.position - kept[-1].position >= self._gap:
                kept.append(mark)
        kept.append(newest)
        self._marks = kept
        self._bytes = sum(len(mark.state) for mark in kept)
