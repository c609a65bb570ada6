"""How fast, how many at once, and in how much memory: over real HTTP."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from tests.quick_api import QuickApi
from tests.singer_input import schema
from tests.target_process import TargetProcess

if TYPE_CHECKING:
    from pathlib import Path

#: Of what 16 requests in flight could carry; less than the 85 % that a quiet machine
#: has to reach, since this one may be busy.
LEAST_SHARE = 0.5


@dataclass(frozen=True)
class Measured:
    """One run to its end, with the API that saw it."""

    api: QuickApi
    states: list[Any]
    megabytes: float
    errors: list[str]


def write_rows(path: Path, rows: int, *, states: bool) -> Path:
    """Rows of users of their own; with a state after each, if asked for."""
    row = '{"type":"RECORD","stream":"calls","record":{"user_id":"u-%d"%s}}\n'
    more = ',"session_number":1,"call_duration":60,"call_center_name":"RENNES"'
    state = '{"type":"STATE","value":{"rows":%d}}\n'
    with path.open("w") as file:
        file.write(f"{schema()}\n")
        for number in range(rows):
            file.write(row % (number, more))
            if states:
                file.write(state % (number + 1))
    return path


def run(folder: Path, rows: Path, seconds: float, at_once: int) -> Measured:
    with QuickApi(seconds) as api:
        config = api.config(max_parallel_requests=at_once)
        with TargetProcess(folder / "run", config, stdin=rows) as target:
            _, status, used = os.wait4(target.process.pid, 0)
            target.process.returncode = os.waitstatus_to_exitcode(status)
            assert target.wait() == 0
            kilobytes = used.ru_maxrss
            return Measured(api, target.states, kilobytes / 1024, target.errors)


def test_many_requests_in_flight_make_up_for_slow_answers(tmp_path: Path) -> None:
    """With a state after every row, which makes no smaller batches."""
    rows = 64_000
    source = write_rows(tmp_path / "rows.singer", rows, states=True)
    measured = run(tmp_path, source, seconds=0.1, at_once=16)
    api = measured.api
    best_seconds = rows / (16 * 200) * 0.1
    share = best_seconds / (api.ended - api.began)
    assert share > LEAST_SHARE
    assert api.sizes == [200] * (rows // 200)
    assert api.most_at_once == 16
    assert len(api.connections) == 16
    assert measured.errors == []
    printed = [state["rows"] for state in measured.states]
    assert printed == sorted(set(printed))
    assert printed[-1] == rows
    assert len(printed) <= len(api.sizes) + 1


@pytest.mark.parametrize("at_once", [1, 3])
def test_no_more_requests_and_connections_than_set(
    tmp_path: Path, at_once: int
) -> None:
    source = write_rows(tmp_path / "rows.singer", 6_100, states=False)
    api = run(tmp_path, source, seconds=0.01, at_once=at_once).api
    assert api.most_at_once == at_once
    assert len(api.connections) == at_once
    assert api.sizes == [200] * 30 + [100]


def test_memory_does_not_grow_with_the_input(tmp_path: Path) -> None:
    megabytes = []
    for rows in (25_000, 250_000):
        source = write_rows(tmp_path / f"{rows}.singer", rows, states=False)
        megabytes.append(run(tmp_path, source, 0.04, at_once=16).megabytes)
    few, many = megabytes
    assert many <= 1.2 * few
