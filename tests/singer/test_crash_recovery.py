"""Killed again and again, and started again from its last state: nothing is lost.

The moments are random: `CRASH_SEED=123` repeats those of a run that failed.
"""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from contextlib import suppress
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from target_contentsquare.sandbox import Fault, Sandbox
from tests.conftest import config_for
from tests.singer_input import call, record, schema, state
from tests.target_process import TargetProcess, wait_until

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SEED = int(os.environ.get("CRASH_SEED", "0")) or Random().randrange(1, 10**6)  # noqa: S311 - it is printed
#: How many rounds each way to stop gets; `make nightly` has 50.
ROUNDS = int(os.environ.get("CRASH_ROUNDS", "1"))
ROWS = 1500
BAD_USERS = ("u-13", "u-77", "u-200")


class Tap:
    """Gives rows of few users, so that many overwrite each other, and states.

    A state is the number of rows before it, and where the next run begins.
    """

    def __init__(self, random: Random) -> None:
        self.users = [random.randrange(400) for _ in range(ROWS)]
        self.states = {number for number in range(ROWS) if random.random() < 0.2}

    def lines(self, first: int) -> list[str]:
        lines = [schema()]
        for number in range(first, ROWS):
            row = call(f"u-{self.users[number]}", call_duration=number)
            lines.append(record(row))
            if number in self.states:
                lines.append(state({"rows": number + 1}))
        return [*lines, state({"rows": ROWS})]


class Scheduler:
    """Runs the target until it succeeds, from the last state that it has printed."""

    def __init__(
        self, folder: Path, sandbox: Sandbox, tap: Tap, *, remembers: bool
    ) -> None:
        self.folder, self.sandbox, self.tap = folder, sandbox, tap
        self.rejected = folder / "rejected.singer"
        self.config = config_for(
            sandbox,
            batch_size_rows=25,
            max_parallel_requests=4,
            rejected_path=str(self.rejected),
            **({"memory_path": str(folder / "memory.sqlite")} if remembers else {}),
        )
        self.first = 0
        self.stopped_at: list[int] = []

    def run_until(self, requests: int, stop: int) -> None:
        """Run until the sandbox has had some more requests, then send a signal."""
        with TargetProcess(self.folder / "run", self.config) as target:
            tap = threading.Thread(target=self._feed, args=(target,))
            tap.start()
            enough = self.sandbox.totals.requests + requests
            wait_until(
                lambda: (
                    self.sandbox.totals.requests >= enough
                    or target.process.poll() is not None
                ),
                "requests",
            )
            target.signal(stop)
            target.wait()
            tap.join()
            self._note(target)

    def run_to_the_end(self) -> None:
        """Run once without disturbance."""
        with TargetProcess(self.folder / "run", self.config) as target:
            self._feed(target)
            assert target.wait() == 0
            self._note(target)
        assert self.first == ROWS

    def _feed(self, target: TargetProcess) -> None:
        """Write in pieces, as a tap that takes its time; ends when nobody reads."""
        lines = self.tap.lines(self.first)
        with suppress(BrokenPipeError):
            for at in range(0, len(lines), 40):
                target.write(lines[at : at + 40])
                time.sleep(0.005)
        target.close_stdin()

    def _note(self, target: TargetProcess) -> None:
        printed = [int(one["rows"]) for one in target.states]
        assert printed == sorted(set(printed))
        if printed:
            assert printed[0] > self.first or printed == [ROWS]
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


@pytest.mark.parametrize("round_number", range(ROUNDS))
@pytest.mark.parametrize("remembers", [False, True])
@pytest.mark.parametrize("stop", [signal.SIGKILL, signal.SIGTERM])
def test_stopped_again_and_again_it_ends_like_one_clean_run(
    tmp_path: Path, stop: int, round_number: int, *, remembers: bool
) -> None:
    seed = SEED + round_number
    random = Random(seed * 100 + stop)  # noqa: S311 - repeatable on purpose
    print(f"CRASH_SEED={seed}")  # noqa: T201 - pytest shows it if the test fails
    rows = Tap(random)
    with Sandbox(latency_ms=8) as clean:
        clean.refuse_users(BAD_USERS)
        (tmp_path / "clean").mkdir()
        undisturbed = Scheduler(tmp_path / "clean", clean, rows, remembers=remembers)
        undisturbed.run_to_the_end()
    with Sandbox(latency_ms=8, faults=faults(random)) as sandbox:
        sandbox.refuse_users(BAD_USERS)
        (tmp_path / "stopped").mkdir()
        scheduler = Scheduler(tmp_path / "stopped", sandbox, rows, remembers=remembers)
        while scheduler.first < ROWS and len(scheduler.stopped_at) < 6:
            scheduler.run_until(random.randrange(1, 20), stop)
        scheduler.run_to_the_end()
    print(f"rows in state when stopped: {scheduler.stopped_at}")  # noqa: T201 - likewise
    assert contents(sandbox) == contents(clean)
    # What a later row of the same user had replaced, in one run or the other, is not
    # there; the last row of each bad user has to be.
    last = {f"u-{user}": number for number, user in enumerate(rows.users)}
    expected = {last[user] for user in BAD_USERS if user in last}
    assert expected <= scheduler.rows_rejected()
    bad = {n for n, user in enumerate(rows.users) if f"u-{user}" in BAD_USERS}
    assert scheduler.rows_rejected() <= bad
    assert expected <= undisturbed.rows_rejected() <= bad
