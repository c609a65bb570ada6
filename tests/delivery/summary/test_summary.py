"""What the summary says, and that its numbers add up."""

import json
from pathlib import Path

import pytest

from target_contentsquare.delivery.summary.summary import (
    FIRST_PROGRESS_SECONDS,
    PROGRESS_SECONDS,
    Summary,
)
from target_contentsquare.sandbox import Sandbox
from tests.conftest import Clock
from tests.runs import Config, Run, Runner
from tests.singer_input import call, calls, record, schema, state


@pytest.fixture
def summary(clock: Clock) -> Summary:
    return Summary(clock)


@pytest.fixture
def everything(
    config: Config, command: Runner, sandbox: Sandbox, tmp_path: Path
) -> Run:
    """A run with rows of every fate, in two streams and one that has no mapping."""
    sandbox.refuse_users(["u-7"])
    config |= {
        "rejected_path": str(tmp_path / "rejected.singer"),
        "streams": {"calls": {}, "chats": {}},
        "max_parallel_requests": 1,
    }
    old = call("old", session_started_at="2020-01-01T00:00:00Z")
    lines = [
        *(schema(stream) for stream in ("calls", "chats", "mails")),
        *calls(250),
        *calls(3, first=240),
        *(record(row) for row in (old, old, call("nothing", call_duration=None))),
        record(call("bad", call_duration="x"), "chats"),
        record(call("good"), "chats"),
        *(record(call("m"), "mails") for _ in range(4)),
        state({"at": 1}),
    ]
    done = command(config, lines)
    assert (done.exit_code, done.states) == (0, [{"at": 1}]), done.printed
    return done


def test_the_report_says_where_every_row_went(everything: Run) -> None:
    report = everything.logged("INFO")
    assert (
        "stream 'calls': 256 read = 249 delivered + 3 merged + 3 dropped "
        "(session_too_old 2, no_enrichment_fields 1) + 1 rejected (rejected_by_api 1)"
    ) in report
    assert (
        "stream 'chats': 2 read = 1 delivered + 0 merged + 0 dropped "
        "+ 1 rejected (wrong_type 1)"
    ) in report
    assert "stream 'mails': 4 rows skipped, it has no mapping" in report
    assert any(line.startswith("all streams: 258 read = 250 ") for line in report)


def test_the_metric_line_says_the_same_as_json(everything: Run) -> None:
    metric = everything.metric
    assert metric["read"] == 258
    assert metric["delivered"] + metric["merged"] == 253
    assert metric["dropped"] == {"session_too_old": 2, "no_enrichment_fields": 1}
    assert metric["rejected"] == {"rejected_by_api": 1, "wrong_type": 1}
    assert (metric["skipped"], metric["unsettled"]) == (4, 0)
    assert set(metric["streams"]) == {"calls", "chats"}
    line = next(one for one in everything.stderr.splitlines() if '"enrichments"' in one)
    assert json.loads(line.split("METRIC: ")[1])["tags"] == {"status": "succeeded"}


def test_that_all_sessions_are_too_old_is_a_warning(
    config: Config, run: Runner
) -> None:
    old = call("old", session_started_at="2020-01-01T00:00:00Z")
    done = run(config, [schema(), record(old), record(call("a", call_duration=None))])
    assert done.exit_code == 0
    (warning,) = done.warnings
    assert warning == (
        "no row was delivered: 1 of 2 rows belong to sessions that started over "
        "max_session_age_days ago: run more often, or correct session_started_at"
    )
    done = run(config | {"dry_run": True}, [schema(), record(old)])
    assert done.warnings[0].startswith("no row would be delivered: 1 of 1 rows")
    done = run(config, [schema(), record(old), record(call("new"))])
    assert done.warnings == []


def test_it_is_on_stderr(everything: Run) -> None:
    assert everything.stdout == '{"at": 1}\n'


def test_a_run_that_fails_says_what_is_not_settled(config: Config, run: Runner) -> None:
    config["project_id"] = 999
    done = run(config, [schema(), *calls(3), state(1)])
    assert done.exit_code == 1
    assert done.metric["unsettled"] == 3
    assert any("+ 3 not settled" in line for line in done.logged("INFO"))
    assert '"status":"failed"' in done.stderr.replace(" ", "")


def test_rows_are_counted_over_schemas_of_a_stream(
    config: Config, run: Runner, sandbox: Sandbox
) -> None:
    wider = schema(properties={**json.loads(schema())["schema"]["properties"], "x": {}})
    done = run(config, [schema(), *calls(2), wider, *calls(2, first=2)])
    assert done.metric["streams"]["calls"]["delivered"] == 4
    _ = sandbox


def test_numbers_are_easy_to_read(summary: Summary) -> None:
    counts = summary.counts("calls")
    counts.read = counts.delivered = 1_234_567
    assert next(summary.report()).startswith(
        "stream 'calls': 1,234,567 read = 1,234,567 delivered"
    )


def test_one_stream_needs_no_line_for_all(summary: Summary) -> None:
    summary.counts("calls")
    assert not [line for line in summary.report() if "all streams" in line]
    summary.counts("chats")
    assert [line for line in summary.report() if "all streams" in line]


# The progress line


def test_there_is_a_line_after_2_seconds_and_then_every_10(
    summary: Summary, clock: Clock
) -> None:
    lines = []
    for _ in range(36):
        clock.now += 1
        summary.counts("calls").read += 1
        lines.append(summary.progress())
    said = [number for number, line in enumerate(lines, start=1) if line]
    assert said == [2, 12, 22, 32]
    assert lines[11] == (
        "so far, 12.0 s: 12 read = 0 delivered + 0 merged + 0 dropped + 0 rejected "
        "+ 12 not settled; 1 rows a second"
    )


def test_a_short_run_has_none(summary: Summary, clock: Clock) -> None:
    clock.now += FIRST_PROGRESS_SECONDS - 0.01
    assert summary.progress() is None


def test_a_pause_is_not_made_up_for(summary: Summary, clock: Clock) -> None:
    clock.now += 100
    assert summary.progress() is not None
    clock.now += 1
    assert summary.progress() is None


def test_the_rate_is_that_of_the_last_second_or_more(
    summary: Summary, clock: Clock
) -> None:
    counts = summary.counts("calls")
    rates = []
    for rows in (100, 0, 300):
        counts.read += rows
        clock.now += 0.5
        rates.append(summary.status().rpartition(", ")[2])
    assert rates == ["0 rows/s", "100 rows/s", "100 rows/s"]
    clock.now += 0.5
    assert summary.status() == "400 read, 0 delivered, 0 rejected, 300 rows/s"


def test_progress_counts_all_streams(summary: Summary, clock: Clock) -> None:
    for stream in ("calls", "chats"):
        counts = summary.counts(stream)
        counts.read = 3
        counts.delivered = 2
        counts.dropped["session_too_old"] = 1
    clock.now += PROGRESS_SECONDS
    line = summary.progress()
    assert line is not None
    assert "6 read = 4 delivered + 0 merged + 2 dropped (session_too_old 2)" in line


# The last warning


def test_the_last_warning_names_the_file_and_the_commonest_reasons(
    config: Config, run: Runner, tmp_path: Path
) -> None:
    config["rejected_path"] = path = str(tmp_path / "rejected.singer")
    bad = [
        *(call(f"u-{n}", call_duration="x") for n in range(12)),
        call("v", has_called="x", call_duration="x"),
        call("w", call_date="x"),
        {**call(), "user_id": None},
    ]
    done = run(config, [schema(), *map(record, bad), *calls(1)])
    assert done.warnings[-1] == (
        "15 rows were rejected: wrong_type of 'call_duration' 13, wrong_type of "
        "'has_called' 1, invalid_datetime of 'call_date' 1 and 1 more reasons: see the "
        f"file of rejected_path, '{path}'"
    )
