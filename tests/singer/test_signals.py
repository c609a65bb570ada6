"""Told to stop at any moment, the target delivers what it read and says how far.

Each moment is brought about, and waited for, in a real process; then one of the ways
to stop comes. Rows are numbered and a state follows each, so that a state can be held
against what the sandbox has.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest

from target_contentsquare.sandbox import Fault, Sandbox
from tests.conftest import config_for
from tests.quick_api import QuickApi
from tests.singer_input import schema, state
from tests.target_process import (
    TargetProcess,
    numbered_rows,
    rows_held,
    wait_until,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

#: Seconds that a stop may take on a busy machine. It must not wait for what takes 60 or
#: 120 seconds.
SOON = 30.0
NEVER_MS = 60_000.0


@dataclass
class Scene:
    """A run at some moment.

    Attributes:
        rows: How many rows it was given; None where that goes on.
        refused: Numbers of rows that Contentsquare does not take.
    """

    sandbox: Sandbox
    target: TargetProcess
    rows: int | None
    refused: tuple[int, ...] = ()

    def check_delivered(self) -> None:
        """The last state covers what is there, but for a row whose own was not read."""
        covered = self.target.rows_in_state
        expected = [number for number in range(covered) if number not in self.refused]
        assert rows_held(self.sandbox) in (expected, [*expected, covered])
        if self.rows is not None:
            assert covered == self.rows

    def check_nothing_promised_too_much(self) -> None:
        """Each row that a state covers is there, whatever else is."""
        held = {*rows_held(self.sandbox), *self.refused}
        assert set(range(self.target.rows_in_state)) <= held

    def check_one_error(self, text: str) -> None:
        assert len(self.target.errors) == 1
        assert text in self.target.errors[0]
        assert "Traceback" not in self.target.stderr


@contextmanager
def stage(
    folder: Path, *faults: Fault, latency_ms: float = 5, **settings: object
) -> Iterator[tuple[Sandbox, TargetProcess]]:
    """Answers take as long as a network makes them, so that threads await them."""
    with Sandbox(faults=faults, latency_ms=latency_ms) as sandbox:
        given = {"batch_size_rows": 50, "max_parallel_requests": 4, **settings}
        config = config_for(sandbox, **given)
        with TargetProcess(folder / "run", config) as target:
            yield sandbox, target


@contextmanager
def reading_an_idle_tap(folder: Path) -> Iterator[Scene]:
    """All is read, one batch is part-filled, and the tap says nothing."""
    with stage(folder) as (sandbox, target):
        target.begin(range(110))
        wait_until(lambda: sandbox.totals.delivered_enrichments == 100, "two batches")
        # More makes a batch full, so the rows before it have been read as well.
        target.write(numbered_rows(range(110, 160)))
        wait_until(lambda: sandbox.totals.delivered_enrichments == 150, "a third")
        yield Scene(sandbox, target, rows=None)


@contextmanager
def reading_a_busy_tap(folder: Path) -> Iterator[Scene]:
    """Rows come faster than they can be sent."""
    with stage(folder, latency_ms=20) as (sandbox, target):
        target.begin()

        def write_for_ever() -> None:
            with suppress(BrokenPipeError, OSError, AssertionError):
                for first in count(0, 100):
                    target.write(numbered_rows(range(first, first + 100)))

        tap = threading.Thread(target=write_for_ever, daemon=True)
        tap.start()
        wait_until(lambda: sandbox.totals.delivered_batches > 20, "some batches")
        yield Scene(sandbox, target, rows=None)
        target.process.wait()
        tap.join()


@contextmanager
def draining(folder: Path) -> Iterator[Scene]:
    """The tap is done; there is more to send than fits in flight."""
    with stage(folder, latency_ms=400) as (sandbox, target):
        target.begin(range(249))
        target.close_stdin()
        wait_until(lambda: "ended after 499 lines" in target.stderr, "the end")
        wait_until(lambda: sandbox.max_in_flight == 4, "requests in flight")
        yield Scene(sandbox, target, rows=249)


@contextmanager
def waiting_for_a_retry(folder: Path) -> Iterator[Scene]:
    """Contentsquare has asked to come back in two minutes."""
    fault = Fault(status=429, retry_after=120)
    with stage(folder, fault) as (sandbox, target):
        target.begin(range(120))
        wait_until(lambda: "HTTP 429;" in target.stderr, "the wait")
        yield Scene(sandbox, target, rows=None)


@contextmanager
def halving(folder: Path) -> Iterator[Scene]:
    """Bad rows are being looked for."""
    rejected = str(folder / "rejected.singer")
    with stage(folder, latency_ms=60, rejected_path=rejected) as (sandbox, target):
        sandbox.refuse_users(["u-3", "u-77"])
        target.begin(range(100))
        target.close_stdin()
        wait_until(lambda: "ended after 201 lines" in target.stderr, "the end")
        wait_until(lambda: sandbox.totals.refused_batches > 3, "refused batches")
        yield Scene(sandbox, target, rows=100, refused=(3, 77))


@contextmanager
def renewing_the_token(folder: Path) -> Iterator[Scene]:
    """All requests wait for a token endpoint that takes its time."""
    with stage(folder) as (sandbox, target):
        target.begin(range(50))
        wait_until(lambda: sandbox.totals.delivered_batches == 1, "a batch")
        sandbox.add_fault(Fault(on="token", delay_ms=700))
        sandbox.expire_tokens()
        target.write(numbered_rows(range(50, 200)))
        target.close_stdin()
        wait_until(lambda: "ended after 401 lines" in target.stderr, "the end")
        wait_until(lambda: sandbox.totals.refused_batches >= 1, "a refused token")
        yield Scene(sandbox, target, rows=200)


MOMENTS = [
    reading_an_idle_tap,
    reading_a_busy_tap,
    waiting_for_a_retry,
    draining,
    halving,
    renewing_the_token,
]


@pytest.mark.parametrize("moment", MOMENTS)
def test_sigterm_delivers_what_was_read_and_exits_143(
    tmp_path: Path, moment: Callable[..., Any]
) -> None:
    with moment(tmp_path) as scene:
        scene.target.signal(signal.SIGTERM)
        assert scene.target.wait(SOON) == 128 + signal.SIGTERM
        scene.check_delivered()
        assert scene.target.errors == []
        assert "Traceback" not in scene.target.stderr


@pytest.mark.parametrize("moment", [reading_a_busy_tap, waiting_for_a_retry])
def test_sigint_delivers_what_was_read_and_exits_130(
    tmp_path: Path, moment: Callable[..., Any]
) -> None:
    with moment(tmp_path) as scene:
        scene.target.signal(signal.SIGINT)
        assert scene.target.wait(SOON) == 128 + signal.SIGINT
        scene.check_delivered()


@pytest.mark.parametrize("moment", [reading_an_idle_tap, waiting_for_a_retry])
def test_a_tap_that_dies_is_the_end_of_its_input(
    tmp_path: Path, moment: Callable[..., Any]
) -> None:
    with moment(tmp_path) as scene:
        if moment is waiting_for_a_retry:
            # The wait goes on: nobody is in a hurry.
            scene.target.close_stdin()
            with pytest.raises(subprocess.TimeoutExpired):
                scene.target.wait(0.5)
            scene.target.signal(signal.SIGTERM)
            assert scene.target.wait(SOON) == 128 + signal.SIGTERM
        else:
            scene.target.close_stdin()
            assert scene.target.wait(SOON) == 0
        scene.check_delivered()


def test_a_line_that_a_dying_tap_did_not_finish_ends_in_one_line(
    tmp_path: Path,
) -> None:
    with stage(tmp_path) as (sandbox, target):
        target.begin(range(60))
        target.write(['{"type": "RECORD", "stream": "calls", "record": {"user_id"'])
        target.close_stdin()
        assert target.wait(SOON) == 1
        scene = Scene(sandbox, target, rows=None)
        scene.check_one_error("not a JSON object")
        scene.check_nothing_promised_too_much()


@pytest.mark.parametrize("moment", MOMENTS)
def test_when_nobody_reads_the_state_the_run_ends_in_one_line(
    tmp_path: Path, moment: Callable[..., Any]
) -> None:
    with moment(tmp_path) as scene:
        scene.target.close_stdout()
        if moment is reading_an_idle_tap:
            scene.target.write(numbered_rows(range(160, 260)))
        expected = 1
        if moment is waiting_for_a_retry:
            scene.target.signal(signal.SIGTERM)
            expected = 128 + signal.SIGTERM
        assert scene.target.wait(SOON) == expected
        scene.check_one_error("the state can't be printed, standard output is closed")
        scene.check_nothing_promised_too_much()
        # What was in flight has been finished, and counted.
        assert f'"delivered":{len(rows_held(scene.sandbox))}' in scene.target.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_ends_the_run_at_once(tmp_path: Path, number: int) -> None:
    """Even though a request is under way that will not be answered."""
    fault = Fault(delay_ms=NEVER_MS, after=1, count=2)
    with stage(tmp_path, fault) as (sandbox, target):
        target.begin(range(50))
        wait_until(lambda: target.states, "a state")
        target.write(numbered_rows(range(50, 160)))
        wait_until(lambda: sandbox.max_in_flight == 2, "slow requests")
        target.signal(number)
        with pytest.raises(subprocess.TimeoutExpired):
            target.wait(0.3)
        began = time.monotonic()
        assert target.signal_until_it_ends(number) == 128 + number
        assert time.monotonic() - began < SOON
        assert target.rows_in_state == 50
        assert set(range(50)) <= set(rows_held(sandbox))


def test_a_second_signal_ends_a_run_that_waits_for_an_answer(tmp_path: Path) -> None:
    with QuickApi(0) as api:
        config = api.config(batch_size_rows=2)
        with TargetProcess(tmp_path / "run", config) as target:
            target.begin(range(200))
            wait_until(lambda: target.rows_in_state == 200, "quick requests")
            api.seconds = NEVER_MS / 1000
            target.write(numbered_rows(range(200, 260)))
            wait_until(lambda: api.at_once > 0, "a slow request")
            target.signal()
            with pytest.raises(subprocess.TimeoutExpired):
                target.wait(0.3)
            began = time.monotonic()
            assert target.signal_until_it_ends(signal.SIGTERM) == 128 + signal.SIGTERM
            assert time.monotonic() - began < SOON


@pytest.mark.parametrize("moment", MOMENTS)
def test_signals_without_end_leave_a_state_that_holds(
    tmp_path: Path, moment: Callable[..., Any]
) -> None:
    with moment(tmp_path) as scene:
        code = scene.target.signal_until_it_ends(signal.SIGTERM)
        # Minus: it had ended anyway, and Python no longer minds signals then. For a
        # shell the two are the same.
        assert code in {128 + signal.SIGTERM, -signal.SIGTERM}
        scene.check_nothing_promised_too_much()


def test_a_wait_that_is_cut_short_and_of_no_use_is_told(tmp_path: Path) -> None:
    """One more try, then the run ends without the rows and says so."""
    fault = Fault(status=429, retry_after=120, count=None)
    with stage(tmp_path, fault) as (sandbox, target):
        target.begin(range(120))
        wait_until(lambda: "HTTP 429;" in target.stderr, "the wait")
        target.signal(signal.SIGTERM)
        assert target.wait(SOON) == 128 + signal.SIGTERM
        scene = Scene(sandbox, target, rows=None)
        scene.check_one_error("They are not in the state")
        assert target.states == []


def test_a_signal_before_the_first_row_is_no_error(tmp_path: Path) -> None:
    with stage(tmp_path) as (sandbox, target):
        target.write([schema(), state({"rows": 0})])
        wait_until(lambda: target.states, "the state")
        target.signal(signal.SIGTERM)
        assert target.wait(SOON) == 128 + signal.SIGTERM
        assert target.states == [{"rows": 0}]
        assert target.errors == []
        assert sandbox.totals.requests == 0


def test_one_request_that_fails_for_good_lets_the_others_finish(tmp_path: Path) -> None:
    fault = Fault(status=404, after=2, delay_ms=50)
    with stage(tmp_path, fault, latency_ms=200) as (sandbox, target):
        with suppress(BrokenPipeError):
            target.begin(range(1000))
        assert target.wait(SOON) == 1
        scene = Scene(sandbox, target, rows=None)
        scene.check_one_error("which trying again does not cure")
        scene.check_nothing_promised_too_much()
        held = rows_held(sandbox)
        assert len(held) >= 150
        assert f'"delivered":{len(held)}' in target.stderr
        # All before the first row that is missing, and not one less.
        missing = next(n for n in range(1000) if n not in held)
        assert target.rows_in_state == missing


def test_stdout_that_was_closed_from_the_start_ends_in_one_line(
    tmp_path: Path,
) -> None:
    with stage(tmp_path) as (sandbox, target):
        target.begin(range(10))
        target.close_stdin()
        assert target.wait(SOON) == 0
        config = tmp_path / "run" / "config.json"
        shell = 'exec "$0" -m target_contentsquare --config "$1" < "$2" >&-'
        source = tmp_path / "rows.singer"
        source.write_text('{"type":"STATE","value":{"rows":0}}\n')
        # The command is the one under test.
        ended = subprocess.run(  # noqa: S603
            ["/bin/sh", "-c", shell, sys.executable, str(config), str(source)],
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=SOON,
        )
        assert sandbox.totals.requests == 1
    assert ended.returncode == 1
    assert "standard output is closed" in ended.stderr
