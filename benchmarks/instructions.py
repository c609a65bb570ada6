"""How many instructions a program takes, which other work on a machine does not change.

Valgrind counts them (`apt-get install valgrind`): those of the program and its
libraries, without those of the system.
"""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.comparison import command
from benchmarks.measuring import run, serving

if TYPE_CHECKING:
    from benchmarks.comparison import Contender
    from benchmarks.conditions import Conditions

# Under Valgrind a program takes some fifty times as long.
_FEW, _MORE = 10_000, 30_000
_COUNTED = re.compile(r"Collected : (\d+)")


@dataclass(frozen=True, slots=True)
class Instructions:
    """What a contender takes: to start, and for each row."""

    start: float
    row: float

    def of(self, rows: int) -> float:
        """Return how many so many rows take."""
        return self.start + rows * self.row


def can_count() -> bool:
    """Return whether Valgrind is installed."""
    return shutil.which("valgrind") is not None


def count(contender: Contender, conditions: Conditions) -> Instructions:
    """Count the instructions of a contender with an instant server."""
    few, more = conditions.rows(_FEW), conditions.rows(_MORE)
    least, most = (_count(contender, conditions, rows) for rows in (few, more))
    row = (most - least) / (more - few)
    return Instructions(least - few * row, row)


def _count(contender: Contender, conditions: Conditions, rows: int) -> int:
    folder = conditions.folder
    log = folder / "valgrind.log"
    valgrind = [
        "valgrind",
        "--tool=callgrind",
        f"--callgrind-out-file={folder / 'callgrind.out'}",
        f"--log-file={log}",
    ]
    with serving() as server:
        program = command(contender, server, folder)
        run([*valgrind, *program], conditions.input(rows))
    counted = _COUNTED.search(log.read_text(encoding="utf-8"))
    assert counted is not None  # noqa: S101 - it ends with that line
    return int(counted[1])
