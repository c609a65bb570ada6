"""Which state is the newest safe one, counted afresh from the rows themselves."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from tests.simulation.world import demand

if TYPE_CHECKING:
    from tests.simulation.scenario import Given

_LINE_EVERY_SECONDS = 1.0


class States:
    """The tap's states, the rows that are not settled, and what was printed.

    Attributes:
        unsettled: Rows by number, in the order they were read.
        printed: The last state printed, as its place in the input; -1 for none.
        last: The tap's last one.
        ended: The input is used up, so a line needs no acknowledgement any more.
    """

    def __init__(self) -> None:
        self.unsettled: dict[int, Given] = {}
        self.printed = self.last = -1
        self.ended = False
        self._rows_before: dict[int, int] = {}
        self._waiting: list[int] = []
        self._safe = self._due = -1
        self._settlements = self._lines = 0
        self._printed_at = -math.inf

    def add(self, place: int, rows_before: int) -> None:
        """The tap gives a state."""
        self._rows_before[place] = rows_before
        self._waiting.append(place)
        self.last = place

    def settle(self, rows: tuple[int, ...]) -> None:
        """An acknowledgement, or a row's way into the rejected file."""
        for number in rows:
            del self.unsettled[number]
        self._settlements += 1
        self._due = self.newest_safe

    def rows_before(self, place: int) -> int:
        """How many rows a state covers."""
        return self._rows_before[place]

    @property
    def newest_safe(self) -> int:
        """Place of the newest state that covers no unsettled row; -1 for none."""
        oldest = next(iter(self.unsettled), math.inf)
        done = 0
        for place in self._waiting:
            if self._rows_before[place] > oldest:
                break
            self._safe, done = place, done + 1
        del self._waiting[:done]
        return self._safe

    def prints(self, place: int, now: float) -> None:
        """A line appears."""
        demand(place in self._rows_before, f"state {place} is not the tap's")
        demand(place > self.printed, f"state {place} goes back from {self.printed}")
        demand(place <= self.newest_safe, f"state {place} covers an unsettled row")
        # With nothing to acknowledge there has to be another way: once a second.
        if not self.ended and now - self._printed_at < _LINE_EVERY_SECONDS:
            self._lines += 1
            what = f"{self._lines} states for {self._settlements} acknowledgements"
            demand(self._lines <= self._settlements, what)
        self.printed, self._printed_at = place, now

    def demand_what_was_safe(self) -> None:
        """What the last acknowledgement made safe has been printed by now."""
        demand(self.printed >= self._due, f"state {self._due} is safe, not printed")
