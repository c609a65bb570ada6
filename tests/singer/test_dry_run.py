"""`dry_run`: everything but the network."""

import re
from pathlib import Path

import pytest

from target_contentsquare.sandbox import Sandbox
from tests.runs import Config, Runner
from tests.singer_input import call, calls, record, schema, state

DRY: Config = {"dry_run": True, "streams": {"*": {}}}


def test_it_needs_no_credentials_and_prints_no_state(run: Runner) -> None:
    done = run(DRY, [schema(), *calls(300), state({"at": 300})])
    assert (done.exit_code, done.stdout) == (0, "")
    assert done.metric["delivered"] == 300


def test_nothing_is_sent(config: Config, run: Runner, sandbox: Sandbox) -> None:
    done = run({**config, "dry_run": True}, [schema(), *calls(300), state(300)])
    assert any("2 requests would be made" in line for line in done.logged("INFO"))
    assert (sandbox.requests, sandbox.token_requests) == ([], [])


def test_one_sample_per_stream(run: Runner) -> None:
    rows = [record(call("a", call_date="2022-01-01")), record(call("b"))]
    lines = [schema(), *rows, schema("chats"), record(call("c"), "chats")]
    done = run(DRY, lines)
    samples = [line for line in done.logged("INFO") if "sample" in line]
    assert len(samples) == 2
    assert "'calls'" in samples[0]
    found = re.search(r"\{.*\}", samples[0])
    assert found
    assert found[0] == (
        '{"userId":"a","sessionNumber":1,"enrichmentNumber":1,'
        '"enrichment":{"call_duration":60,"call_date":"2022-01-01T00:00:00Z"}}'
    )
    assert "'chats'" in samples[1]


def test_the_sample_of_a_stream_under_its_alias(run: Runner) -> None:
    maps = {"calls": {"__alias__": "crm-calls"}, "chats": {"__alias__": "crm-chats"}}
    lines = [schema(), record(call("a")), schema("chats"), record(call("b"), "chats")]
    done = run({**DRY, "stream_maps": maps}, lines)
    samples = [line for line in done.logged("INFO") if "sample" in line]
    assert [re.findall(r"'([^']*)'", line)[0] for line in samples] == [
        "crm-calls",
        "crm-chats",
    ]


@pytest.mark.parametrize("more", [{}, {"max_rejected": 1}, {"max_rejected": "1%"}])
def test_rows_that_cannot_be_delivered_are_counted_and_never_end_it(
    run: Runner, more: Config
) -> None:
    bad = [call(call_duration="x"), call(call_date="x"), call(call_duration="y")]
    done = run({**DRY, **more}, [schema(), *map(record, bad), state(1)])
    assert (done.exit_code, done.states, done.errors) == (0, [], [])
    assert done.metric["rejected"] == {"wrong_type": 2, "invalid_datetime": 1}
    assert done.warnings == [
        "Rejected: stream 'calls', row 1, field 'call_duration': wrong_type",
        "Rejected: stream 'calls', row 2, field 'call_date': invalid_datetime",
        "Rejected: stream 'calls', row 3, field 'call_duration': wrong_type",
    ]


@pytest.mark.parametrize("name", ["rejected.singer", "no-such-folder/rejected"])
def test_no_file_is_written(run: Runner, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    lines = [schema(), record(call(call_duration="x")), *calls(1), state(1)]
    done = run({**DRY, "rejected_path": str(path)}, lines)
    assert (done.exit_code, done.states) == (0, [])
    assert not path.exists()


def test_it_says_that_rows_would_be_delivered(run: Runner) -> None:
    done = run(DRY, [schema(), *calls(3)])
    assert done.metric["dry_run"] is True
    assert (
        "stream 'calls': 3 read = 3 would be delivered + 0 merged + 0 dropped "
        "+ 0 rejected"
    ) in done.logged("INFO")


@pytest.mark.parametrize("value", ["yes", 1, None])
def test_only_true_does_without_credentials(run: Runner, value: object) -> None:
    done = run({**DRY, "dry_run": value}, [schema()])
    assert done.exit_code == 1
    assert "client_id" in done.errors[0]
