"""Contenders on one input, in turns: what each took, and that all of it arrived."""

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
        module: Run with `python -m`.
        needs: Packages that may not be installed.
        sends: False if it drops the rows.
        settings: On top of the credentials and where to sign in.
    """

    name: str
    module: str
    needs: tuple[str, ...] = ()
    sends: bool = True
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def missing(self) -> list[str]:
        """What is not installed of what it needs."""
        return [one for one in self.needs if importlib.util.find_spec(one) is None]


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
    """A contender on an input.

    Attributes:
        rows: In the input; all of them have to arrive.
        latency: Seconds that the server takes to answer a batch.
    """

    contender: Contender
    input: Path
    rows: int
    latency: float = 0.0

    @property
    def label(self) -> str:
        """Names it among others."""
        return f"{self.contender.name}, {self.rows:,} rows"


@dataclass(frozen=True, slots=True)
class Result:
    """The runs of one entry."""

    entry: Entry
    costs: Sequence[Cost]

    @property
    def wall(self) -> float:
        """Median seconds."""
        return statistics.median(cost.wall for cost in self.costs)

    @property
    def cpu(self) -> float:
        """Median seconds of processor time."""
        return statistics.median(cost.cpu for cost in self.costs)

    @property
    def peak(self) -> float:
        """Median of the most memory held, in bytes."""
        return statistics.median(cost.peak for cost in self.costs)


def race(entries: Iterable[Entry], runs: int, folder: Path) -> list[Result]:
    """Run all entries in turns, so that a busy moment of the machine hits all of them.

    Args:
        folder: For the config files.
    """
    costs: dict[Entry, list[Cost]] = {entry: [] for entry in entries}
    for number in range(1, runs + 1):
        for entry, measured in costs.items():
            cost = attempt(entry, folder)
            measured.append(cost)
            sys.stderr.write(
                f"  {number}/{runs} {entry.label}: {cost.wall:.2f} s, "
                f"CPU {cost.cpu:.2f} s, {cost.peak / 1e6:.0f} MB\n"
            )
    return [Result(entry, measured) for entry, measured in costs.items()]


def attempt(entry: Entry, folder: Path) -> Cost:
    """Run an entry once.

    Raises:
        RuntimeError: It failed, or not every row arrived once.
    """
    with serving(entry.latency) as server:
        cost = run(command(entry.contender, server, folder), entry.input)
        arrived = server.received()["rows"]
    if arrived != entry.rows and entry.contender.sends:
        msg = f"{entry.label}: {arrived:,} arrived"
        raise RuntimeError(msg)
    return cost


def checksum(contender: Contender, source: Path, folder: Path) -> int:
    """Sum up what a contender sends, whatever its batches and order."""
    with serving(checksum=True) as server:
        run(command(contender, server, folder), source)
        return int(server.received()["checksum"])


def command(contender: Contender, server: Server, folder: Path) -> list[str]:
    """How to run a contender against a server."""
    config = folder / f"{contender.name.replace(' ', '-')}.json"
    credentials = {
        "client_id": "benchmark",
        "client_secret": "not-a-secret",
        "auth_url": f"{server.url}/token",
    }
    config.write_text(json.dumps({**credentials, **contender.settings}))
    return [sys.executable, "-m", contender.module, "--config", str(config)]
