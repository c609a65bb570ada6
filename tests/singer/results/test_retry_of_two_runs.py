"""`retry_rejected` in two runs at once, which share a rejected file but no memory."""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING, Any

import pytest

from target_contentsquare.sandbox import Fault, Sandbox
from tests.conftest import config_for
from tests.singer_input import call, record, schema, state
from tests.target_process import TargetProcess, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.runs import Config, Runner

BAD = record(call("u-1", call_center_name="x" * 51))


def config_of(sandbox: Sandbox, folder: Path, run: str) -> Config:
    return config_for(
        sandbox,
        rejected_path=str(folder / "rejected.singer"),
        memory_path=str(folder / f"{run}.sqlite"),
        retry_rejected=True,
    )


@pytest.fixture
def first(tmp_path: Path, sandbox: Sandbox, run: Runner) -> Iterator[TargetProcess]:
    """A run that is trying the rejected row of an earlier one, and gets no answer."""
    run(config_of(sandbox, tmp_path, "earlier"), [schema(), BAD, record(call("u-2"))])
    no_answer = Fault(delay_ms=60_000, count=None)
    with Sandbox(faults=[no_answer]) as silent:
        config = {**config_of(silent, tmp_path, "first"), "truncate_strings": True}
        with TargetProcess(tmp_path / "first", config) as target:
            wait_until(lambda: "Trying the rejected rows" in target.stderr, "the file")
            yield target


def rows_of(path: Path) -> list[Any]:
    lines = map(json.loads, path.read_text().splitlines())
    return [line["record"]["user_id"] for line in lines if line["type"] == "RECORD"]


def test_a_run_passes_over_what_another_one_is_trying(
    tmp_path: Path, sandbox: Sandbox, first: TargetProcess, run: Runner
) -> None:
    retrying = tmp_path / "rejected.singer.retrying"
    bad = record(call("u-3", call_center_name="x" * 51))
    second = config_of(sandbox, tmp_path, "second")
    done = run(second, [schema(), bad, record(call("u-4"))])
    assert done.exit_code == 0, done.stderr
    assert "Another run is trying the rejected rows again" in done.logged("INFO")
    assert rows_of(retrying) == ["u-1"]
    assert rows_of(tmp_path / "rejected.singer") == ["u-3"]
    assert first.process.poll() is None


def test_what_a_killed_run_was_trying_is_tried_by_the_next(
    tmp_path: Path, sandbox: Sandbox, first: TargetProcess, run: Runner
) -> None:
    first.signal(signal.SIGKILL)
    first.wait()
    second = {**config_of(sandbox, tmp_path, "second"), "truncate_strings": True}
    done = run(second, [schema(), state(1)])
    assert done.exit_code == 0, done.stderr
    assert {key.user_id for key in sandbox.enrichments} == {"u-1", "u-2"}
    assert [*tmp_path.glob("rejected*")] == []
