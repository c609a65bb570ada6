"""The rounds of kills and faults find a target that is broken on purpose.

`CRASH_SEED=123` repeats the rounds of a run that failed.
"""

from __future__ import annotations

import signal
from random import Random
from typing import TYPE_CHECKING

import pytest

from target_contentsquare.sandbox import Fault, Sandbox
from tests.broken_delivery import FAULTS, SHARED_FILE_FAULTS
from tests.singer.results import runs_that_share
from tests.singer.stopped_runs import (
    ROUNDS,
    SEED,
    Scheduler,
    Tap,
    contents,
)
from tests.target_process import TARGET

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    Round = Callable[[Path, Random, Sequence[str]], None]

#: The others are looked for in `make nightly`, which sets CRASH_ROUNDS.
FEW = ["order off", "state unchecked", "lock off"]
LOOKED_FOR = [*FAULTS, *SHARED_FILE_FAULTS] if ROUNDS > 1 else FEW
#: A fault is found in nearly every round; it has to be in one of so many.
MOST_ROUNDS = 5


def play_round(folder: Path, random: Random, program: Sequence[str]) -> None:
    """Kill the target after its second state, let it end, and look at what arrived.

    Raises:
        AssertionError: It is not what the target guarantees.
    """
    folder.mkdir()
    rows = Tap(random)
    slow = Fault(delay_ms=100, probability=0.3, count=None)
    with Sandbox(latency_ms=60, faults=[slow]) as sandbox:
        scheduler = Scheduler(folder, sandbox, rows, program=program)
        scheduler.run_until_states(2, signal.SIGKILL)
        scheduler.run_to_the_end()
    assert contents(sandbox) == rows.last_rows


def finds_a_fault(
    play: Round, folder: Path, random: Random, program: Sequence[str]
) -> bool:
    """Play a round, and return whether it fails."""
    try:
        play(folder, random, program)
    except AssertionError as found:
        print(f"found: {str(found)[:200]}")  # noqa: T201 - pytest shows it
        return True
    return False


@pytest.mark.parametrize("repetition", range(max(1, ROUNDS // 10)))
@pytest.mark.parametrize("fault", LOOKED_FOR)
def test_a_broken_target_is_found_within_five_rounds(
    tmp_path: Path, fault: str, repetition: int
) -> None:
    random = Random(f"{SEED} {repetition} {fault}")  # noqa: S311 - repeatable
    print(f"CRASH_SEED={SEED}")  # noqa: T201 - pytest shows it if the test fails
    program = ("-m", "tests.singer.broken_target", fault)
    play = runs_that_share.play_round if fault in SHARED_FILE_FAULTS else play_round
    assert any(
        finds_a_fault(play, tmp_path / f"{number}", random, program)
        for number in range(MOST_ROUNDS)
    )


def test_the_target_as_it_is_passes_such_a_round(tmp_path: Path) -> None:
    print(f"CRASH_SEED={SEED}")  # noqa: T201 - pytest shows it if the test fails
    play_round(tmp_path / "round", Random(SEED), TARGET)  # noqa: S311 - repeatable
