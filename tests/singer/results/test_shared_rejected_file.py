"""Two targets append to one rejected file, and what either covers stays in it.

`CRASH_SEED=123` repeats the choices of a run that failed.
"""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import pytest

from tests.singer.results.runs_that_share import play_round
from tests.singer.stopped_runs import ROUNDS, SEED
from tests.target_process import TARGET

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("round_number", range(ROUNDS))
def test_rows_of_two_runs_stay_in_the_file_while_one_is_killed_and_lines_are_torn(
    tmp_path: Path, round_number: int
) -> None:
    seed = SEED + round_number
    print(f"CRASH_SEED={seed}")  # noqa: T201 - pytest shows it if the test fails
    play_round(tmp_path / "round", Random(seed), TARGET)  # noqa: S311 - repeatable
