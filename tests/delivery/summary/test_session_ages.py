"""How old sessions are when their rows are delivered."""

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from target_contentsquare.delivery.summary.session_ages import SessionAges
from target_contentsquare.sandbox import Sandbox
from tests.runs import Config, Runner
from tests.singer_input import CALLS, call, record, schema

NOW = datetime(2026, 11, 24, 12, tzinfo=timezone.utc)


def ages_of(*hours: float | None) -> SessionAges:
    """Ages of a batch whose sessions started these hours ago; None: not known."""
    ages = SessionAges(lambda: NOW)
    ages.add([None if h is None else NOW - timedelta(hours=h) for h in hours])
    return ages


def test_half_of_the_rows_and_95_percent_are_below_an_age() -> None:
    ages = ages_of(*(0.5 for _ in range(60)), *(5.5 for _ in range(50)), 30, 100)
    assert list(ages.report()) == [
        "session ages at delivery: half under 1 h, 95 % under 6 h, oldest 100.0 h"
    ]


@pytest.mark.parametrize("rows", [1, 7, 8, 9, 200])
def test_every_row_with_a_start_is_counted(rows: int) -> None:
    ages = ages_of(*(row / 2 for row in range(rows)))
    assert ages.by_hour.total() == rows
    median = ages.hours_of(0.5)
    assert median is not None
    assert abs(median - rows / 4) <= 3


def test_what_needs_eyes_is_counted() -> None:
    ages = ages_of(None, None, 157, 3, -0.9, -1.1)
    assert (ages.without_start, ages.short, ages.in_future) == (2, 1, 1)
    (line,) = ages.report()
    assert line.endswith(
        "oldest 157.0 h; 1 with under 12 h left; 2 without session start; "
        "1 in the future by over 1 h"
    )


def test_todays_date_alone_is_not_in_the_future() -> None:
    ages = SessionAges(lambda: NOW)
    ages.add([datetime(2026, 11, 24, 23, 59, 59, 999_999, timezone.utc)])
    assert (ages.in_future, ages.by_hour) == (0, {0: 1})


def test_its_memory_is_bounded() -> None:
    ages = ages_of(*range(-500, 500))
    assert len(ages.by_hour) <= 169


def test_there_is_no_line_without_rows() -> None:
    assert list(ages_of().report()) == []
    assert ages_of().as_dict()["median_below_hours"] is None


def test_a_run_tells_the_ages(config: Config, run: Runner, sandbox: Sandbox) -> None:
    started = (datetime.now(timezone.utc) - timedelta(hours=2.5)).isoformat()
    rows: list[Any] = [call(f"u-{n}", session_started_at=started) for n in range(3)]
    done = run(config, [schema(), *map(record, rows), record(call("unknown"))])
    assert done.metric["session_ages"] == {
        "median_below_hours": 3,
        "p95_below_hours": 3,
        "oldest_hours": 2.5,
        "under_12_hours_left": 0,
        "without_start": 1,
        "in_future": 0,
    }
    assert (
        "session ages at delivery: half under 3 h, 95 % under 3 h, oldest 2.5 h; "
        "1 without session start"
    ) in done.logged("INFO")
    assert len(sandbox.enrichments) == 4


def test_a_stream_without_session_start_is_warned_about_once(
    config: Config, run: Runner, sandbox: Sandbox
) -> None:
    unaware = {name: CALLS[name] for name in CALLS if name != "session_started_at"}
    wider = {**unaware, "more": {"type": "integer"}}
    rows = [schema(properties=unaware), record(call()), schema(properties=wider)]
    done = run(config, rows)
    (warning,) = done.warnings
    assert warning.startswith("Stream 'calls': streams.*: no session_started_at")
    assert run(config, [schema(), record(call())]).warnings == []
    _ = sandbox
