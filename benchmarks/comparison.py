"""Run contenders on the same input, in turns, and check that all rows arrived."""

from __future__ import annotations

import importlib.util
import json
import statistics
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from benchmarks.measuring import Cost, Server, run, serving
from benchmarks.singer_input import INTEGRATION_SCHEMA, MAPPED

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path


@dataclass(frozen=True, slots=True, eq=False)
class Contender:
    """A program to measure.

    Attributes:
        module: What `python -m` runs.
        needs: Packages that it needs and that may not be installed.
        sends: Whether it sends the rows; False if it drops them.
        settings: Its config, without credentials and `auth_url`.
    """

    name: str
    module: str
    needs: tuple[str, ...] = ()
    sends: bool = True
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def missing(self) -> list[str]:
        """The packages that it needs and that are not installed."""
        return [name for name in self.needs if importlib.util.find_spec(name) is None]


_HERE = "benchmarks.contenders"
OBVIOUS = Contender("obvious", f"{_HERE}.obvious")
UNVALIDATED = Contender(
    "obvious-unvalidated", f"{_HERE}.obvious", settings={"validate_records": False}
)
LOOP = Contender("loop", f"{_HERE}.loop", ("orjson",))
DLT = Contender("dlt", f"{_HERE}.dlt_destination", ("orjson", "dlt"))
BARE = Contender("bare SDK target", f"{_HERE}.bare", sends=False)
TARGET = Contender(
    "target-contentsquare",
    "target_contentsquare",
    settings={
        "integration_schema": INTEGRATION_SCHEMA,
        "streams": {"calls": {"fields": {name: name for name in MAPPED}}},
    },
)
ALL = (OBVIOUS, UNVALIDATED, LOOP, DLT, TARGET)


@dataclass(frozen=True, slots=True)
class Entry:
    """A contender with its input.

    Attributes:
        rows: Rows of the input.
        latency: Seconds that the server waits before it answers a batch.
        port: That the server listens on; 0: any. A memory holds for one address only.
        arriving: Rows that have to arrive; None: all, if the contender sends any.
        by_tap: Whether a tap writes the rows, one by one.
        is_tied: Whether all threads of the contender run on one processor.
    """

    contender: Contender
    input: Path
    rows: int
    latency: float = 0.0
    port: int = 0
    arriving: int | None = None
    by_tap: bool = False
    is_tied: bool = False

    @property
    def label(self) -> str:
        """The name of the contender, and how many rows it gets."""
        return f"{self.contender.name}, {self.rows:,} rows"


@dataclass(frozen=True, slots=True)
class Result:
    """The costs of all runs of an entry."""

    entry: Entry
    costs: Sequence[Cost]

    @property
    def wall(self) -> float:
        """Median seconds from start to exit."""
        return statistics.median(cost.wall for cost in self.costs)

    @property
    def cpu(self) -> float:
        """Median seconds of processor time."""
        return statistics.median(cost.cpu for cost in self.costs)

    @property
    def peak(self) -> float:
        """Median peak memory in bytes."""
        return statistics.median(cost.peak for cost in self.costs)


def compare(entries: Iterable[Entry], runs: int, folder: Path) -> list[Result]:
    """Run all entries in turns, so that other load on the machine slows each alike.

    Args:
        runs: How often each entry is run.
        folder: Where the config files are written.
    """
    costs: dict[Entry, list[Cost]] = {entry: [] for entry in entries}
    for number in range(1, runs + 1):
        for entry, measured in costs.items():
            cost = run_once(entry, folder)
            measured.append(cost)
            sys.stderr.write(
                f"  {number}/{runs} {entry.label}: {cost.wall:.2f} s, "
                f"CPU {cost.cpu:.2f} s, {cost.peak / 1e6:.0f} MB\n"
            )
    return [Result(entry, measured) for entry, measured in costs.items()]


def run_once(entry: Entry, folder: Path) -> Cost:
    """Run an entry once.

    Raises:
        RuntimeError: The run failed, or the number of rows that arrived is wrong.
    """
    with serving(entry.latency, port=entry.port) as server:
        program = command(entry.contender, server, folder)
        cost = run(program, entry.input, by_tap=entry.by_tap, is_tied=entry.is_tied)
        arrived = server.received()["rows"]
    expected = entry.rows if entry.arriving is None else entry.arriving
    if arrived != expected and entry.contender.sends:
        msg = f"{entry.label}: {arrived:,} arrived and not {expected:,}"
        raise RuntimeError(msg)
    return cost


def checksum(contender: Contender, source: Path, folder: Path) -> int:
    """Return a checksum of the rows that a contender sends, whatever their order."""
    with serving(checksum=True) as server:
        run(command(contender, server, folder), source)
        return int(server.received()["checksum"])


def command(contender: Contender, server: Server, folder: Path) -> list[str]:
    """Write the config of a contender for a server, and return its command line."""
    config = folder / f"{contender.name.replace(' ', '-')}.json"
    credentials = {
        "client_id": "benchmark",
        "client_secret": "not-a-secret",
        "auth_url": f"{server.url}/token",
    }
    config.write_text(json.dumps({**credentials, **contender.settings}))
    return [sys.executable, "-m", contender.module, "--config", str(config)]
