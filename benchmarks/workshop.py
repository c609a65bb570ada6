"""Where benchmarks happen: a folder for inputs and configs, and how much is run."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.race import ALL, Contender, Entry, Result, checksum, race
from benchmarks.singer_input import Shape, write_input

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

#: Rows of the input on which all contenders have to send the same.
_CHECKED_ROWS = 1_000


@dataclass(frozen=True, slots=True)
class Workshop:
    """What all scenarios need.

    Attributes:
        today: A midnight; sessions start in the days before it.
        scale: 1 for the numbers of rows that the results are stated for; less is only
            good for trying whether everything runs.
    """

    folder: Path
    today: datetime
    seed: int
    runs: int
    scale: float = 1.0

    def rows(self, number: int) -> int:
        """Scale a number of rows."""
        return max(200, int(number * self.scale)) if number else 0

    def input(self, rows: int, properties: int = 8) -> Path:
        """Give an input of that many rows; made when it is first asked for."""
        path = self.folder / f"{rows}-rows-{properties}-properties.singer"
        if not path.exists():
            sys.stderr.write(f"  writing {rows:,} rows of {properties} properties\n")
            unfinished = path.with_suffix(".unfinished")
            write_input(unfinished, Shape(rows, self.seed, properties), self.today)
            unfinished.rename(path)
        return path

    def entry(
        self,
        contender: Contender,
        rows: int,
        *,
        properties: int = 8,
        latency: float = 0.0,
    ) -> Entry:
        """Give a contender its input, of a number of rows that is scaled."""
        rows = self.rows(rows)
        return Entry(contender, self.input(rows, properties), rows, latency)

    def race(self, entries: Sequence[Entry]) -> list[Result]:
        """Run entries in turns."""
        return race(entries, self.runs, self.folder)


def installed() -> list[Contender]:
    """Give the contenders that can run here; says which can't, and why."""
    for one in ALL:
        if one.missing:
            sys.stderr.write(
                f"  {one.name} is skipped: {', '.join(one.missing)} is not installed "
                "(dependency group `bench`)\n"
            )
    return [one for one in ALL if not one.missing]


def check_same_work(shop: Workshop, contenders: Sequence[Contender]) -> None:
    """Make sure that contenders deliver the same, so that comparing them means much.

    Raises:
        RuntimeError: They do not; says who delivers what.
    """
    for properties in (8, 100):
        source = shop.input(_CHECKED_ROWS, properties)
        sums = {one.name: checksum(one, source, shop.folder) for one in contenders}
        if len(set(sums.values())) > 1:
            raise RuntimeError(f"the contenders deliver different things: {sums}")
