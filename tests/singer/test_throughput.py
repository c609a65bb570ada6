"""Requests in flight and memory, over real HTTP."""

from __future__ import annotations

import gc
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from target_contentsquare.delivery.batches import Batch
from target_contentsquare.sandbox import Fault, Sandbox
from target_contentsquare.sandbox.limits.limits import Limits
from tests.conftest import config_for
from tests.quick_api import QuickApi
from tests.singer_input import call, calls, record, schema, state
from tests.target_process import TargetProcess, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.runs import Config, Runner

#: Imported by Python when it starts; writes the peak memory of a process at its end.
#: From outside it can't be read exactly: after its end it is gone, and `getrusage` also
#: counts the memory of the process that started it.
WRITE_PEAK_AT_EXIT = """
import atexit, pathlib
atexit.register(
    lambda: pathlib.Path("{}").write_text(pathlib.Path("/proc/self/status").read_text())
)
"""


@dataclass(frozen=True)
class Measured:
    """A run to its end, with the API that it sent to."""

    api: QuickApi
    states: list[Any]
    errors: list[str]


def write_rows(path: Path, rows: int, *, states: bool) -> Path:
    """Write rows of different users; with a state after each, if asked for."""
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
            assert target.wait(120) == 0
            return Measured(api, target.states, target.errors)


def test_many_requests_in_flight_make_up_for_slow_answers(tmp_path: Path) -> None:
    """With a state after every row, which makes no smaller batches."""
    rows, seconds = 16_000, 0.5
    source = write_rows(tmp_path / "rows.singer", rows, states=True)
    measured = run(tmp_path, source, seconds, at_once=16)
    api = measured.api
    # 16 if the target took no time. A busy machine may make it 8, never 4.
    in_flight_on_average = rows / 200 * seconds / (api.ended - api.began)
    assert in_flight_on_average > 4
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
    """No reference cycle holds a batch: it goes without a garbage collection.

    An error refers to the frames it came through, and those to the error and a batch.
    """
    sandbox.add_fault(fault)
    gc.collect()
    of_other_tests = batches()
    gc.disable()
    try:
        done = run(config | {"batch_size_rows": 10}, [schema(), *calls(50)])
        # The threads of requests may take a moment to end after the run.
        wait_until(lambda: not batches(but=of_other_tests), "no batch in memory")
    finally:
        gc.enable()
    assert (done.exit_code, len(sandbox.enrichments)) == (0, 50), done.printed


def batches(but: Sequence[Batch] = ()) -> list[Batch]:
    """Return all batches in memory but the ones given."""
    ignored = {id(batch) for batch in but}
    found = (value for value in gc.get_objects() if type(value) is Batch)
    return [batch for batch in found if id(batch) not in ignored]


@pytest.fixture
def peak_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], float]:
    """Return a function that runs with an input, and returns the peak in megabytes."""
    if not Path("/proc/self").exists():
        pytest.skip("reads /proc")
    status = tmp_path / "status"
    program = WRITE_PEAK_AT_EXIT.format(status)
    (tmp_path / "sitecustomize.py").write_text(program, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    def peak_of(source: Path) -> float:
        run(tmp_path, source, 0.04, at_once=16)
        (kilobytes,) = re.findall(r"VmHWM:\s+(\d+) kB", status.read_text("utf-8"))
        return int(kilobytes) / 1024

    return peak_of


def test_memory_does_not_grow_with_the_input(
    tmp_path: Path, peak_of: Callable[[Path], float]
) -> None:
    few, many = (
        peak_of(write_rows(tmp_path / f"{rows}.singer", rows, states=False))
        for rows in (25_000, 250_000)
    )
    # Stricter than what is promised for millions of rows, since these are few.
    assert many <= 1.1 * few


def test_long_lines_are_bounded_in_bytes(
    tmp_path: Path, peak_of: Callable[[Path], float]
) -> None:
    """64 MB may wait and 64 MB be in flight, of 400 MB that 16 requests could hold."""
    source, long = tmp_path / "long.singer", "x" * 1_000_000
    with source.open("w") as file:
        file.write(f"{schema()}\n")
        for number in range(400):
            file.write(f"{record(call(f'u-{number}', other=long))}\n")
    assert peak_of(source) < 250


def test_long_states_are_bounded_in_bytes(
    tmp_path: Path, peak_of: Callable[[Path], float]
) -> None:
    """One of 5 MB after each of 60 rows, none of which is safe before the end."""
    source, long = tmp_path / "states.singer", "x" * 5_000_000
    with source.open("w") as file:
        file.write(f"{schema()}\n")
        for number in range(60):
            file.write(f"{record(call(f'u-{number}'))}\n{state({'a': long})}\n")
    assert peak_of(source) < 200


def test_all_is_delivered_to_an_api_that_takes_20_batches_a_second(
    run: Runner,
) -> None:
    """How long it takes is tested without real time, in `delivery/rate/short_runs`."""
    with Sandbox(limits=Limits(rate=20, retry_after=False)) as sandbox:
        done = run(config_for(sandbox), [schema(), *calls(16_000)])
        assert len(sandbox.enrichments) == 16_000
    assert done.metric["delivered"] == 16_000
    assert done.metric["requests"] > 80  # some were refused
