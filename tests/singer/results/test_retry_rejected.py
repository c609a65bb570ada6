"""`retry_rejected`: rejected rows try themselves again, and never write over newer."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.singer_input import CALLS, call, record, schema, state

if TYPE_CHECKING:
    from pathlib import Path

    from target_contentsquare.sandbox import Sandbox
    from tests.runs import Config, Runner


@pytest.fixture
def rejected(tmp_path: Path) -> Path:
    return tmp_path / "rejected.singer"


@pytest.fixture
def config(config: Config, rejected: Path, tmp_path: Path) -> Config:
    return {
        **config,
        "memory_path": str(tmp_path / "memory.sqlite"),
        "rejected_path": str(rejected),
        "retry_rejected": True,
        "max_rejected": 1,
    }


TOO_LONG = {"call_center_name": "x" * 51}


def bad(user: str, **fields: object) -> str:
    return record(call(user, **{**TOO_LONG, **fields}))


def rows_in(path: Path) -> list[dict[str, Any]]:
    lines = map(json.loads, path.read_text().splitlines())
    return [line for line in lines if line["type"] == "RECORD"]


def durations(sandbox: Sandbox) -> dict[str, object]:
    return {
        key.user_id: fields["call_duration"]
        for key, fields in sandbox.enrichments.items()
    }


def test_a_row_that_can_be_delivered_by_now_is_and_leaves_the_file(
    run: Runner, config: Config, sandbox: Sandbox, rejected: Path
) -> None:
    run(config, [schema(), bad("u-1"), record(call("u-2"))])
    assert len(rows_in(rejected)) == 1
    config["truncate_strings"] = True
    done = run(config, [schema(), state(1)])
    assert done.exit_code == 0, done.stderr
    assert done.metric["delivered"] == 1
    assert durations(sandbox) == {"u-1": 60, "u-2": 60}
    assert [path.name for path in rejected.parent.glob("rejected*")] == []


def test_what_fails_again_goes_back_with_attempts_and_is_not_counted_as_new(
    run: Runner, config: Config, rejected: Path
) -> None:
    run(config, [schema(), bad("u-1"), record(call("u-2"))])
    (first,) = rows_in(rejected)
    for attempts in (2, 3):
        done = run(config, [schema(), state(1)])
        assert done.exit_code == 0, done.stderr
        assert done.metric["rejected_again"] == 1
        (row,) = rows_in(rejected)
        assert row["record"] == first["record"]
        note = row["rejected"]
        assert note["attempts"] == attempts
        assert note["since"] == first["rejected"]["at"]
        assert (note["run"], note["row"]) == (first["rejected"]["run"], 1)
    # `max_rejected` is 1: the old row and a new one are not too many.
    assert run(config, [schema(), bad("u-3"), record(call("u-4"))]).exit_code == 0
    assert len(rows_in(rejected)) == 2


@pytest.mark.parametrize("later", ["same run", "later run"])
def test_a_row_is_not_written_over_something_newer(
    run: Runner, config: Config, sandbox: Sandbox, later: str
) -> None:
    newer = record(call("u-1", call_duration=99))
    if later == "same run":
        run(config, [schema(), bad("u-1"), newer])
    else:
        run(config, [schema(), bad("u-1"), record(call("u-2"))])
        # Not tried again yet, so that the run delivers only the newer row.
        run({**config, "retry_rejected": False}, [schema(), newer])
    done = run({**config, "truncate_strings": True}, [schema(), state(1)])
    assert done.metric["dropped"] == {"superseded": 1}
    assert durations(sandbox)["u-1"] == 99


def test_a_refused_row_that_takes_a_number_makes_what_is_held_no_older(
    run: Runner, config: Config, sandbox: Sandbox, rejected: Path
) -> None:
    config["streams"] = {
        "calls": {"enrichment_number": "number"},
        "chats": {"enrichment_number": "auto"},
    }
    config["max_rejected"] = 2
    columns = {**CALLS, "number": {"type": "integer"}, "id": {"type": "string"}}
    begin = schema("calls", columns, key_properties=["id"])
    other = record(call("u-2", id="a", number=1))
    older = bad("u-1", id="b", number=1)
    newer = record(call("u-1", id="c", number=1, call_duration=99))
    run(config, [begin, other, older, newer])
    sandbox.refuse_users(["u-1"])
    refused = record(call("u-1", id="d", number=1, call_duration=100))
    elsewhere = str(rejected.with_name("others.singer"))
    run({**config, "rejected_path": elsewhere}, [begin, refused])
    sandbox.refuse_users([])
    done = run({**config, "truncate_strings": True}, [begin, state(1)])
    assert done.metric["dropped"] == {"superseded": 1}
    assert durations(sandbox)["u-1"] == 99


def test_a_row_is_written_over_something_older(
    run: Runner, config: Config, sandbox: Sandbox
) -> None:
    run(config, [schema(), record(call("u-1", call_duration=1)), bad("u-1")])
    assert durations(sandbox) == {"u-1": 1}
    run({**config, "truncate_strings": True}, [schema(), state(1)])
    assert durations(sandbox) == {"u-1": 60}


def test_a_row_rejected_after_an_older_one_was_tried_again_is_newer(
    run: Runner, config: Config
) -> None:
    config["max_rejected"] = 10
    run(config, [schema(), bad("u-8"), bad("u-9"), bad("u-1")])
    config["truncate_strings"] = True
    newer = record(call("u-1", call_duration="long", call_center_name="Lille"))
    # The third row of the file is delivered, then the first of the input is rejected.
    assert run(config, [schema(), newer]).metric["delivered"] == 3
    config["streams"] = {"*": {"fields": {"call_center_name": "call_center_name"}}}
    done = run(config, [schema(), state(1)])
    assert done.metric["delivered"] == 1
    assert done.metric["dropped"] == {}


def test_a_message_says_that_a_row_is_one_of_the_rejected_file(
    run: Runner, config: Config
) -> None:
    run(config, [schema(), record(call("u-2")), bad("u-1")])
    done = run(config, [schema(), state(1)])
    (warning,) = [text for text in done.warnings if text.startswith("Rejected: ")]
    assert "stream 'calls', row 1 of the rejected file, field" in warning


def test_files_of_earlier_versions_are_tried_by_the_time_they_say(
    run: Runner, config: Config, sandbox: Sandbox, rejected: Path
) -> None:
    run(config, [schema(), record(call("u-1", call_duration=1))])
    old = json.loads(record(call("u-1", call_duration=2)))
    for at, held in (("2020-01-01T00:00:00Z", 1), ("2099-01-01T00:00:00Z", 2)):
        old["rejected"] = {"reason": "wrong_type", "field": None, "at": at}
        rejected.write_text(f"{schema()}\n{json.dumps(old)}\n")
        run(config, [schema(), state(1)])
        assert durations(sandbox) == {"u-1": held}


def test_a_row_too_old_for_its_session_is_dropped(
    run: Runner, config: Config, rejected: Path
) -> None:
    old = json.loads(bad("u-1"))
    old["rejected"] = {"reason": "string_too_long", "at": "2020-01-01T00:00:00Z"}
    rejected.write_text(f"{schema()}\n{json.dumps(old)}\n")
    done = run(config, [schema(), state(1)])
    assert done.metric["dropped"] == {"session_too_old": 1}
    assert not rejected.exists()


def test_a_run_that_was_killed_meanwhile_is_followed_by_one_that_tries_again(
    run: Runner, config: Config, sandbox: Sandbox, rejected: Path
) -> None:
    run(config, [schema(), bad("u-1"), record(call("u-2"))])
    rejected.rename(f"{rejected}.retrying")
    run({**config, "truncate_strings": True}, [schema(), state(1)])
    assert durations(sandbox) == {"u-1": 60, "u-2": 60}
    assert list(rejected.parent.glob("rejected*")) == []


def test_a_row_that_a_killed_run_had_put_back_is_tried_once(
    run: Runner, config: Config, rejected: Path
) -> None:
    config["max_rejected"] = 2
    run(config, [schema(), bad("u-1"), bad("u-3"), record(call("u-2"))])
    # As a run leaves it that is killed when it has put all rows back.
    rejected.with_name(f"{rejected.name}.retrying").write_bytes(rejected.read_bytes())
    for _ in range(2):
        run(config, [schema(), state(1)])
    assert [row["record"]["user_id"] for row in rows_in(rejected)] == ["u-1", "u-3"]


def test_rows_of_two_runs_that_started_at_the_same_time_are_both_tried(
    run: Runner, config: Config, sandbox: Sandbox, rejected: Path
) -> None:
    run(config, [schema(), bad("u-1"), record(call("u-2"))])
    (line,) = rows_in(rejected)
    line["record"]["user_id"] = "u-3"
    with rejected.open("a") as file:
        file.write(f"{json.dumps(line)}\n")
    done = run({**config, "truncate_strings": True}, [schema(), state(1)])
    assert done.metric["delivered"] == 2
    assert sorted(durations(sandbox)) == ["u-1", "u-2", "u-3"]


def test_after_a_crash_the_file_may_be_in_another_order_and_the_newest_row_wins(
    run: Runner, config: Config, sandbox: Sandbox, rejected: Path
) -> None:
    run(config, [schema(), bad("u-1", call_duration=1), record(call("u-2"))])
    rejected.rename(f"{rejected}.retrying")
    off = {**config, "retry_rejected": False}
    run(off, [schema(), bad("u-1", call_duration=2), record(call("u-2"))])
    # The older row fails again, and goes back behind the newer one.
    run(config, [schema(), state(1)])
    assert [row["record"]["call_duration"] for row in rows_in(rejected)] == [2, 1]
    done = run({**config, "truncate_strings": True}, [schema(), state(1)])
    assert durations(sandbox)["u-1"] == 2
    assert done.metric["dropped"] == {"superseded": 1}


def test_a_torn_last_line_is_passed_over(
    run: Runner, config: Config, sandbox: Sandbox, rejected: Path
) -> None:
    run(config, [schema(), bad("u-1"), record(call("u-2"))])
    with rejected.open("a") as file:
        file.write('{"type":"RECORD","stream":"calls","rec')
    run({**config, "truncate_strings": True}, [schema(), state(1)])
    assert durations(sandbox) == {"u-1": 60, "u-2": 60}


def test_several_streams_and_schemas_are_tried_under_their_own(
    run: Runner, config: Config, sandbox: Sandbox, rejected: Path
) -> None:
    config["max_rejected"] = 10
    wider = {**CALLS, "more": {"type": "string"}}
    lines = [
        schema(),
        bad("u-1"),
        schema("chats"),
        record(call("u-2", **TOO_LONG), "chats"),
    ]
    run(config, [*lines, schema("calls", wider), bad("u-3", more="m")])
    run({**config, "truncate_strings": True}, [schema(), state(1)])
    assert sorted(durations(sandbox)) == ["u-1", "u-2", "u-3"]
    assert not rejected.exists()


@pytest.mark.parametrize(
    "streams", [{"other": {}}, {"*": {"fields": {"d": "a_new_column"}}}]
)
def test_rows_that_the_mapping_does_not_fit_stay_in_the_file(
    run: Runner, config: Config, rejected: Path, streams: object
) -> None:
    run(config, [schema(), bad("u-1"), record(call("u-2"))])
    before = rows_in(rejected)
    columns = {**CALLS, "a_new_column": {"type": "integer"}}
    changed = {**config, "streams": streams}
    done = run(
        changed, [schema("other", columns), record(call(a_new_column=1), "other")]
    )
    assert done.exit_code == 0, done.stderr
    assert rows_in(rejected) == before


def test_it_needs_both_files(run: Runner, config: Config) -> None:
    (error,) = run({**config, "memory_path": None}, [schema()]).errors
    assert "retry_rejected: needs rejected_path and memory_path" in error


def test_a_dry_run_leaves_the_file_alone(
    run: Runner, config: Config, rejected: Path
) -> None:
    run(config, [schema(), bad("u-1"), record(call("u-2"))])
    before = rejected.read_bytes()
    run({**config, "dry_run": True}, [schema(), record(call("u-3"))])
    assert rejected.read_bytes() == before
