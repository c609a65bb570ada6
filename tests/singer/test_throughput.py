"""How fast, how many at once, and in how much memory: over real HTTP."""

from __future__ import annotations

import gc
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from target_contentsquare.delivery.batches import Batch
from target_contentsquare.sandbox import Fault, Sandbox
from tests.quick_api import QuickApi
from tests.singer_input import calls, schema
from tests.target_process import TargetProcess

if TYPE_CHECKING:
    from tests.runs import Config, Runner

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
            megabytes = 0.0
            while target.process.poll() is None:
                megabytes = max(megabytes, most_megabytes(target.process.pid))
                time.sleep(0.02)
            assert target.wait() == 0
            return Measured(api, target.states, megabytes, target.errors)


def most_megabytes(process: int) -> float:
    """The most memory that a process has had; 0 if it is gone.

    `getrusage` would count what pytest held when it started the process.
    """
    with suppress(OSError, StopIteration):
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
        line = next(one for one in lines if one.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    return 0.0


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


@pytest.mark.parametrize(
    "fault",
    [
        Fault(status=503, retry_after="0.01", count=3),
        Fault(drop="before", count=2),
        Fault(status=400, body='{"message": "don\'t match expected payload"}', count=2),
    ],
    ids=["503", "cut", "refused"],
)
def test_what_failed_at_first_is_not_kept_in_memory(
    config: Config, run: Runner, sandbox: Sandbox, fault: Fault
) -> None:
    """An error holds the frames it came through: in a circle, until it is broken."""
    sandbox.add_fault(fault)
    gc.collect()
    of_other_tests = batches()
    gc.disable()
    try:
        done = run(config | {"batch_size_rows": 10}, [schema(), *calls(50)])
        kept = [one for one in batches() if one not in of_other_tests]
    finally:
        gc.enable()
    assert (done.exit_code, len(sandbox.enrichments)) == (0, 50), done.printed
    assert kept == []


def batches() -> list[Batch]:
    """All that there are in memory."""
    return [one for one in gc.get_objects() if type(one) is Batch]


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="reads /proc")
def test_memory_does_not_grow_with_the_input(tmp_path: Path) -> None:
    megabytes = []
    for rows in (25_000, 250_000):
        source = write_rows(tmp_path / f"{rows}.singer", rows, states=False)
        megabytes.append(run(tmp_path, source, 0.04, at_once=16).megabytes)
    few, many = megabytes
    # Stricter than what is promised for millions of rows, since these are few.
    assert many <= 1.1 * few
