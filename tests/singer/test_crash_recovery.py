"""Killed again and again, and started again from its last state: nothing is lost.

The moments are random: `CRASH_SEED=123` repeats those of a run that failed.
"""

from __future__ import annotations

import signal
from random import Random
from typing import TYPE_CHECKING

import pytest

from target_contentsquare.sandbox import Sandbox
from tests.singer.stopped_runs import (
    BAD_USERS,
    ROUNDS,
    ROWS,
    SEED,
    Scheduler,
    Tap,
    contents,
    faults,
)

if TYPE_CHECKING:
    from pathlib import Path


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
    last = rows.last_rows
    expected = {last[user] for user in BAD_USERS if user in last}
    assert expected <= scheduler.rows_rejected()
    bad = {n for n, user in enumerate(rows.users) if f"u-{user}" in BAD_USERS}
    assert scheduler.rows_rejected() <= bad
    assert expected <= undisturbed.rows_rejected() <= bad
