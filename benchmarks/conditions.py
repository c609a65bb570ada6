"""The conditions of all scenarios: the folder, the seed, how many runs and rows."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.comparison import ALL, Contender, Entry, Result, checksum, compare
from benchmarks.singer_input import Shape, write_changed, write_input

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

#: Rows of the input for which all contenders have to send the same enrichments.
_CHECKED_ROWS = 1_000


@dataclass(frozen=True, slots=True)
class Conditions:
    """What all scenarios have in common.

    Attributes:
        folder: Where inputs and config files are written.
        today: A midnight; sessions start in the three days before it.
        seed: The seed of the rows.
        runs: How often each entry is run.
        scale: Factor for all numbers of rows. Below 1 the ratios mean nothing.
    """

    folder: Path
    today: datetime
    seed: int
    runs: int
    scale: float = 1.0

    def rows(self, number: int) -> int:
        """Return a number of rows multiplied by the scale, but at least 200 or 0."""
        return max(200, int(number * self.scale)) if number else 0

    def input(self, rows: int, properties: int = 8) -> Path:
        """Return the path of an input, which the first call writes."""
        path = self.folder / f"{rows}-rows-{properties}-properties.singer"
        if not path.exists():
            sys.stderr.write(f"  writing {rows:,} rows of {properties} properties\n")
            unfinished = path.with_suffix(".unfinished")
            write_input(unfinished, Shape(rows, self.seed, properties), self.today)
            unfinished.rename(path)
        return path

    def changed_input(self, source: Path) -> Path:
        """Return an input of which one row in 100 has other values."""
        path = source.with_suffix(".changed")
        if not path.exists():
            write_changed(source, path)
        return path

    def entry(
        self,
        contender: Contender,
        rows: int,
        *,
        properties: int = 8,
        latency: float = 0.0,
    ) -> Entry:
        """Return an entry of a contender, with the number of rows scaled."""
        rows = self.rows(rows)
        return Entry(contender, self.input(rows, properties), rows, latency)

    def compare(self, entries: Sequence[Entry]) -> list[Result]:
        """Run entries in turns, and return their results."""
        return compare(entries, self.runs, self.folder)


def installed() -> list[Contender]:
    """Return the contenders whose packages are installed; print which are skipped."""
    for contender in ALL:
        if contender.missing:
            sys.stderr.write(
                f"  {contender.name} is skipped: {', '.join(contender.missing)} is not "
                "installed (dependency group `bench`)\n"
            )
    return [contender for contender in ALL if not contender.missing]


def check_same_work(conditions: Conditions, contenders: Sequence[Contender]) -> None:
    """Check that all contenders deliver the same rows.

    Raises:
        RuntimeError: They do not. The message has the checksum of each.
    """
    for properties in (8, 100):
        source = conditions.input(_CHECKED_ROWS, properties)
        sums = {c.name: checksum(c, source, conditions.folder) for c in contenders}
        if len(set(sums.values())) > 1:
            raise RuntimeError(f"the contenders deliver different rows: {sums}")
