"""Runs that are stopped at random moments, each from the state of the one before."""

from __future__ import annotations

import json
import os
import threading
import time
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from target_contentsquare.sandbox import Fault
from tests.conftest import config_for
from tests.singer_input import call, record, schema, state
from tests.target_process import TARGET, TargetProcess, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from target_contentsquare.sandbox import Sandbox

SEED = int(os.environ.get("CRASH_SEED", "0")) or Random().randrange(1, 10**6)  # noqa: S311 - it is printed
#: How many rounds each way to stop gets; `make nightly` has 50.
ROUNDS = int(os.environ.get("CRASH_ROUNDS", "1"))
ROWS = 1500
BAD_USERS = ("u-13", "u-77", "u-200")


class Tap:
    """Gives rows of few users, so that many overwrite each other, and states.

    A state is the number of rows before it, and where the next run begins.
    """

    def __init__(self, random: Random, rows: int = ROWS) -> None:
        self.rows = rows
        self.users = [random.randrange(400) for _ in range(rows)]
        self.states = {number for number in range(rows) if random.random() < 0.2}
        self.schema = schema()

    def lines(self, first: int) -> list[str]:
        lines = [self.schema]
        for number in range(first, self.rows):
            lines.append(record(self.row(number)))
            if number in self.states:
                lines.append(state({"rows": number + 1}))
        return [*lines, state({"rows": self.rows})]

    def row(self, number: int) -> dict[str, object]:
        return call(f"u-{self.users[number]}", call_duration=number)

    @property
    def last_rows(self) -> dict[str, int]:
        """Of each user, the number of the last row: that of its enrichment."""
        return {f"u-{user}": number for number, user in enumerate(self.users)}


class Scheduler:
    """Runs the target until it succeeds, from the last state that it has printed.

    Args:
        program: What Python runs, if not the target as it is.
        settings: More than those of each run, or in their place.
    """

    def __init__(
        self,
        folder: Path,
        sandbox: Sandbox,
        tap: Tap,
        *,
        remembers: bool = False,
        program: Sequence[str] = TARGET,
        **settings: object,
    ) -> None:
        self.program = program
        self.folder, self.sandbox, self.tap = folder, sandbox, tap
        usual: dict[str, object] = {
            "batch_size_rows": 25,
            "max_parallel_requests": 4,
            "rejected_path": str(folder / "rejected.singer"),
            **({"memory_path": str(folder / "memory.sqlite")} if remembers else {}),
        }
        self.config = config_for(sandbox, **{**usual, **settings})
        self.rejected = Path(self.config["rejected_path"])
        self.first = 0
        self.stopped_at: list[int] = []

    def run_until(self, requests: int, stop: int) -> None:
        """Run until the sandbox has had some more requests, then send a signal."""
        enough = self.sandbox.totals.requests + requests
        self._run_until(lambda _: self.sandbox.totals.requests >= enough, stop)

    def run_until_states(self, number: int, stop: int) -> None:
        """Run until so many states are printed, then send a signal."""
        self._run_until(lambda target: len(target.states) >= number, stop)

    def run_until_rejected(self, more_bytes: int, stop: int) -> None:
        """Run until the rejected file has grown so much, then send a signal."""
        enough = self._rejected_bytes() + more_bytes
        self._run_until(lambda _: self._rejected_bytes() >= enough, stop)

    def _rejected_bytes(self) -> int:
        return self.rejected.stat().st_size if self.rejected.exists() else 0

    def _run_until(self, holds: Callable[[TargetProcess], bool], stop: int) -> None:
        with self._start() as target:
            tap = threading.Thread(target=self._feed, args=(target,))
            tap.start()
            wait_until(
                lambda: holds(target) or target.process.poll() is not None,
                "requests or states",
            )
            target.signal(stop)
            target.wait()
            tap.join()
            self._note(target)

    def run_to_the_end(self) -> None:
        """Run once without disturbance."""
        with self._start() as target:
            self._feed(target)
            assert target.wait() == 0
            self._note(target)
        assert self.first == self.tap.rows

    def _start(self) -> TargetProcess:
        return TargetProcess(self.folder / "run", self.config, program=self.program)

    def _feed(self, target: TargetProcess) -> None:
        """Write in pieces, as a tap that takes its time; ends when nobody reads."""
        lines = self.tap.lines(self.first)
        with suppress(BrokenPipeError):
            for at in range(0, len(lines), 40):
                target.write(lines[at : at + 40])
                self.between_writes()
        target.close_stdin()

    def between_writes(self) -> None:
        """Take the tap's time, after each piece that it has written."""
        time.sleep(0.005)

    def _note(self, target: TargetProcess) -> None:
        printed = [int(one["rows"]) for one in target.states]
        assert printed == sorted(set(printed))
        if printed:
            assert printed[0] > self.first or printed == [self.tap.rows]
            self.first = printed[-1]
        self.stopped_at.append(self.first)

    def rows_rejected(self) -> set[int]:
        """Numbers of the rows in the rejected file, each line of which is whole."""
        messages: list[dict[str, Any]] = [
            json.loads(line) for line in self.rejected.read_text().splitlines()
        ]
        rows = [one["record"] for one in messages if one["type"] == "RECORD"]
        return {row["call_duration"] for row in rows}


def contents(sandbox: Sandbox) -> Mapping[str, object]:
    return {
        key.user_id: fields["call_duration"]
        for key, fields in sandbox.enrichments.items()
    }


def faults(random: Random) -> list[Fault]:
    """Return what goes wrong at the server, at random moments."""
    often = random.choice((0.0, 0.05, 0.2))
    if not often:
        return []
    return [
        Fault(status=503, retry_after="0", probability=often, count=None),
        Fault(drop="before", probability=often, count=None),
        Fault(drop="after", probability=often, count=None),
    ]
