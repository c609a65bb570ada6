"""Requests over time, in as many columns as a small chart has."""

from __future__ import annotations

import itertools
from collections import Counter
from typing import Literal, TypeAlias

Answer: TypeAlias = Literal["answered", "limited", "failed"]
#: How many columns there are at most: later ones stand for twice the time.
COLUMNS = 60


class Timeline:
    """Counts answers by the time since the first, in at most 60 equal steps.

    Attributes:
        step: Seconds that a column stands for.
        columns: The answers of each step from the first one on.
    """

    def __init__(self) -> None:
        self._start: float | None = None
        self.step = 1.0
        self.columns: list[Counter[str]] = []

    def add(self, answer: Answer, now: float) -> None:
        """Take note of what became of a request.

        Args:
            now: Seconds that only go forward.
        """
        if self._start is None:
            self._start = now
        while (at := int((now - self._start) // self.step)) >= COLUMNS:
            self._join_pairs()
        while len(self.columns) <= at:
            self.columns.append(Counter())
        self.columns[at][answer] += 1

    def seconds(self, now: float) -> float:
        """Return the seconds since the first answer."""
        return 0.0 if self._start is None else now - self._start

    def _join_pairs(self) -> None:
        nothing: Counter[str] = Counter()
        pairs = itertools.zip_longest(
            self.columns[::2], self.columns[1::2], fillvalue=nothing
        )
        self.columns = [first + second for first, second in pairs]
        self.step *= 2
