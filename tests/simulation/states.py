"""Which state may be printed, derived from the rows that are not settled."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from tests.simulation.world import require

if TYPE_CHECKING:
    from tests.simulation.scenario import InputRow

_LINE_EVERY_SECONDS = 1.0


class States:
    """The tap's states, the rows that are not settled, and what was printed.

    Attributes:
        unsettled: Rows by number, in the order they were read.
        printed: The last state printed, as its place in the input; -1 for none.
        last: The last state that was read, as its place in the input.
        ended: Whether reading has ended; from then on a state may be printed without
            an answer before it.
    """

    def __init__(self) -> None:
        self.unsettled: dict[int, InputRow] = {}
        self.printed = self.last = -1
        self.ended = False
        self._rows_before: dict[int, int] = {}
        self._waiting: list[int] = []
        self._safe = -1
        self._printed_at = -math.inf

    def add(self, place: int, rows_before: int) -> None:
        """Add a state that was read."""
        self._rows_before[place] = rows_before
        self._waiting.append(place)
        self.last = place

    def settle(self, rows: tuple[int, ...]) -> None:
        """Remove rows that were delivered or written to the rejected file."""
        for number in rows:
            del self.unsettled[number]

    def rows_before(self, place: int) -> int:
        """Return how many rows a state covers."""
        return self._rows_before[place]

    @property
    def newest_safe(self) -> int:
        """The place of the newest state that covers no unsettled row; -1 for none."""
        oldest = next(iter(self.unsettled), math.inf)
        done = 0
        for place in self._waiting:
            if self._rows_before[place] > oldest:
                break
            self._safe, done = place, done + 1
        del self._waiting[:done]
        return self._safe

    def state_printed(self, place: int, now: float) -> None:
        """Check a state that the target prints at a time."""
        require(place in self._rows_before, f"state {place} is not the tap's")
        require(place > self.printed, f"state {place} goes back from {self.printed}")
        require(place <= self.newest_safe, f"state {place} covers an unsettled row")
        soon = now - self._printed_at < _LINE_EVERY_SECONDS
        require(self.ended or not soon, f"state {place} comes within a second")
        self.printed, self._printed_at = place, now

    def require_safe_state_printed(self, now: float) -> None:
        """Require that the newest safe state is printed, unless one just was."""
        if now - self._printed_at >= _LINE_EVERY_SECONDS:
            safe = self.newest_safe
            require(self.printed >= safe, f"state {safe} is safe, not printed")
