"""Rows that can't be delivered: where they go, and how they come back."""

import errno
import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from target_contentsquare.sandbox import Sandbox
from tests.runs import Config, Runner
from tests.singer_input import CALLS, call, calls, record, schema, state, stream_of

TOO_LONG = "x" * 51


@pytest.fixture
def rejected(tmp_path: Path, config: Config) -> Path:
    path = tmp_path / "rejected.singer"
    config["rejected_path"] = str(path)
    return path


def messages(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def notes(path: Path) -> list[tuple[str, str | None]]:
    found = [one["rejected"] for one in messages(path) if one["type"] == "RECORD"]
    return [(note["reason"], note["field"]) for note in found]


def test_they_are_singer_messages_with_a_note(
    config: Config, run: Runner, rejected: Path, sandbox: Sandbox
) -> None:
    bad = call("u-1", call_center_name=TOO_LONG, unmapped={"kept": [1.50, None]})
    done = run(config, [schema(), record(call("u-0")), record(bad), state({"at": 2})])
    assert (done.exit_code, done.states) == (0, [{"at": 2}])
    assert {key.user_id for key in sandbox.enrichments} == {"u-0"}
    first, second = messages(rejected)
    assert first == json.loads(schema())
    note = second.pop("rejected")
    assert second == json.loads(record(bad))
    assert set(note) == {"reason", "field", "detail", "at", "run", "row", "faults"}
    assert note["reason"] == "string_too_long"
    assert note["field"] == "call_center_name"
    assert note["at"].endswith("Z")
    assert done.metric["rejected"] == {"string_too_long": 1}


@pytest.mark.parametrize(
    ("changes", "reason", "field"),
    [
        ({"user_id": None}, "missing_user_id", "user_id"),
        ({"user_id": ""}, "missing_user_id", "user_id"),
        ({"user_id": 1.5}, "missing_user_id", "user_id"),
        ({"user_id": True}, "missing_user_id", "user_id"),
        ({"session_number": None}, "invalid_session_number", "session_number"),
        ({"session_number": "five"}, "invalid_session_number", "session_number"),
        ({"session_number": 1.5}, "invalid_session_number", "session_number"),
        ({"session_number": 0}, "invalid_session_number", "session_number"),
        ({"session_number": True}, "invalid_session_number", "session_number"),
        (
            {"session_started_at": "noon"},
            "invalid_session_started_at",
            "session_started_at",
        ),
        ({"enrichment": 4}, "invalid_enrichment_number", "enrichment_number"),
        ({"enrichment": None}, "invalid_enrichment_number", "enrichment_number"),
        ({"project": "abc"}, "invalid_project_id", "project_id"),
        ({"project": None}, "invalid_project_id", "project_id"),
        ({"call_duration": "x"}, "wrong_type", "call_duration"),
        ({"call_duration": True}, "wrong_type", "call_duration"),
        ({"call_duration": 2**31}, "int_out_of_range", "call_duration"),
        ({"call_client_rating": 1.79e308 * 1.01}, "float_out_of_range", ...),
        ({"call_center_name": TOO_LONG}, "string_too_long", "call_center_name"),
        ({"call_date": "noon"}, "invalid_datetime", "call_date"),
        ({"has_called": None}, "missing_field", "has_called"),
    ],
)
def test_every_reason_is_named_with_its_field(  # noqa: PLR0913, PLR0917 - parameters
    config: Config,
    run: Runner,
    rejected: Path,
    changes: dict[str, object],
    reason: str,
    field: Any,
) -> None:
    config["streams"] = {
        "calls": {"enrichment_number": "enrichment", "project_id": "project"}
    }
    types = {
        "call_center_name": "STRING",
        "call_duration": "INT",
        "call_client_rating": "FLOAT",
        "call_date": "DATETIME",
        "has_called": "BOOL",
    }
    config["integration_schema"] = {
        "fields": [
            {"name": name, "type": kind, "optional": name != "has_called"}
            for name, kind in types.items()
        ]
    }
    properties = {**CALLS, "enrichment": {}, "project": {}}
    row = call(has_called=True, enrichment=1, project=162)
    done = run(config, [*stream_of([{**row, **changes}], properties), state(1)])
    assert (done.exit_code, done.states) == (1, [1]), done.printed
    field = "call_client_rating" if field is ... else field
    assert notes(rejected) == [(reason, field)]
    assert done.warnings == [
        f"Rejected: stream 'calls', row 1, field '{field}': {reason}",
        (
            f"1 row was rejected: {reason} of '{field}' 1: see the file of "
            f"rejected_path, '{rejected}'"
        ),
    ]


@pytest.mark.parametrize("name", ["user_id", "session_number"])
@pytest.mark.parametrize("kind", [None, ["null", "string"], "string", "integer"])
def test_a_property_that_is_not_there_is_null(
    config: Config, run: Runner, rejected: Path, name: str, kind: Any
) -> None:
    """Many taps leave out what is null, whatever type the schema promises."""
    row = call()
    del row[name]
    run(config, stream_of([row], {**CALLS, name: {"type": kind} if kind else {}}))
    reasons = {"user_id": "missing_user_id", "session_number": "invalid_session_number"}
    assert notes(rejected) == [(reasons[name], name)]


@pytest.mark.parametrize("key", ["u-1", ".1", "u-1.", "u.x", "u.0", None, 7, "u.1.5"])
def test_a_session_key_that_is_none(
    config: Config, run: Runner, rejected: Path, key: object, sandbox: Sandbox
) -> None:
    config["streams"] = {"calls": {"session_key": "key"}}
    properties = {"key": {}, "a": {"type": "integer"}}
    done = run(config, stream_of([{"key": key, "a": 1}], properties))
    if key == "u.1.5":  # user ids may hold dots, the last one splits
        assert next(iter(sandbox.enrichments))[1:3] == ("u.1", 5)
    else:
        assert notes(rejected) == [("invalid_session_key", "session_key")]
    assert done.exit_code == (0 if key == "u.1.5" else 1)


def test_the_file_is_for_its_owner_only(
    config: Config, run: Runner, rejected: Path
) -> None:
    rejected.touch(mode=0o644)
    run(config, [schema(), record(call(call_duration="x"))])
    assert stat.S_IMODE(rejected.stat().st_mode) == 0o600


def test_there_is_no_file_where_nothing_was_rejected(
    config: Config, run: Runner, rejected: Path
) -> None:
    assert run(config, [schema(), *calls(3)]).exit_code == 0
    assert not rejected.exists()


def test_rows_of_several_streams_and_schema_versions_come_after_their_schema(
    config: Config, run: Runner, rejected: Path
) -> None:
    bad = call(call_duration="x")
    wider = schema(properties={**CALLS, "more": {"type": "string"}})
    chats = schema("chats")
    lines = [
        schema(),
        chats,
        record(bad),
        record(bad, "chats"),
        record(bad),
        wider,
        record({**bad, "more": "y"}),
        schema(),
        record(bad),
    ]
    assert run(config, lines).exit_code == 1
    kinds = [
        (one["type"], one["stream"], len(one.get("schema", {}).get("properties", ())))
        for one in messages(rejected)
    ]
    plain = len(CALLS)
    assert kinds == [
        ("SCHEMA", "calls", plain),
        ("RECORD", "calls", 0),
        ("SCHEMA", "chats", plain),
        ("RECORD", "chats", 0),
        ("RECORD", "calls", 0),
        ("SCHEMA", "calls", plain + 1),
        ("RECORD", "calls", 0),
        ("SCHEMA", "calls", plain),
        ("RECORD", "calls", 0),
    ]


def test_rows_that_contentsquare_refuses_are_in_it_too(
    config: Config, run: Runner, rejected: Path, sandbox: Sandbox
) -> None:
    sandbox.refuse_users(["u-3", "u-250"])
    done = run(config, [schema(), *calls(400), state({"at": 400})])
    assert (done.exit_code, done.states) == (0, [{"at": 400}])
    assert sorted(notes(rejected)) == [("rejected_by_api", None)] * 2
    users = [m["record"]["user_id"] for m in messages(rejected)[1:]]
    assert sorted(users) == ["u-250", "u-3"]
    assert len(sandbox.enrichments) == 398


def test_rows_arrive_in_it_as_they_were_before_stream_maps(
    config: Config, run: Runner, rejected: Path
) -> None:
    config["stream_maps"] = {
        "calls": {"call_center_name": "call_center_name * 9", "call_duration": None}
    }
    row = call(call_center_name="RENNES--")
    assert run(config, stream_of([row])).exit_code == 1
    first, second = messages(rejected)
    assert first == json.loads(schema())
    assert second["record"] == row


@pytest.mark.parametrize(
    "line",
    [
        (
            '{"type":"RECORD","stream":"calls","record":{"user_id":"u","session_number":1,'
            '"call_client_rating":1e400},"time_extracted":"2026-11-20T00:00:00Z","version":7}'
        ),
        (
            '{"type":"RECORD","stream":"calls","record":{"user_id":"u","session_number":1,'
            '"call_duration":"x","exact":0.1000000000000000055511151231257827}}'
        ),
        (
            '{"type":"RECORD","stream":"calls","record":{"user_id":"u","session_number":1,'
            '"call_duration":12345678901234567890123}}'
        ),
        (
            ' { "type": "RECORD", "stream": "calls", "record": {"user_id": "u", '
            '"session_number": 1, "call_center_name": "\\ud800"}}'
        ),
    ],
)
def test_numbers_and_texts_are_kept_exactly(
    config: Config, run: Runner, rejected: Path, line: str
) -> None:
    done = run(config, [schema(), line])
    assert done.exit_code == 1, done.printed
    written = rejected.read_text("utf-8").splitlines()[1]
    start = line.index('"record"') + len('"record"')
    inner = line[start:].lstrip(": ").split(',"time_extracted"')[0].rstrip("} ") + "}"
    squeezed = inner.replace(" ", "")
    assert squeezed in written.replace(" ", "")


def test_nan_is_kept_too(config: Config, run: Runner, rejected: Path) -> None:
    line = (
        '{"type":"RECORD","stream":"calls","record":{"user_id":"u",'
        '"session_number":1,"call_client_rating":NaN}}'
    )
    assert run(config, [schema(), line]).exit_code == 1
    assert notes(rejected) == [("float_out_of_range", "call_client_rating")]
    assert "NaN" in rejected.read_text()


def test_a_whole_last_line_without_its_newline_is_kept(
    config: Config, run: Runner, rejected: Path
) -> None:
    bad = [schema(), record(call("u-1", call_duration="x"))]
    run(config, bad)
    rejected.write_text(rejected.read_text().removesuffix("\n"))
    run(config, bad)
    kinds = [one["type"] for one in messages(rejected)]
    assert kinds == ["SCHEMA", "RECORD", "SCHEMA", "RECORD"]


def test_a_file_that_is_not_ours_is_not_touched(
    config: Config, run: Runner, rejected: Path
) -> None:
    rejected.write_text("notes of mine")
    done = run(config, [schema(), record(call("u-1", call_duration="x"))])
    assert done.exit_code == 1
    assert rejected.read_text() == "notes of mine"


def test_it_is_appended_to_the_file_of_an_earlier_run(
    config: Config, run: Runner, rejected: Path
) -> None:
    for user in ("u-1", "u-2"):
        run(config, [schema(), record(call(user, call_duration="x"))])
    kinds = [one["type"] for one in messages(rejected)]
    assert kinds == ["SCHEMA", "RECORD", "SCHEMA", "RECORD"]


@pytest.mark.parametrize("left", ['{"type": "REC', '{"record": "' + "x" * 200_000, "{"])
def test_a_line_that_a_killed_run_did_not_finish_is_cut(
    config: Config, run: Runner, rejected: Path, left: str
) -> None:
    bad = [schema(), record(call(call_duration="x"))]
    run(config, bad)
    whole = rejected.read_text()
    with rejected.open("a") as file:
        file.write(left)
    run(config, bad)
    assert rejected.read_text().startswith(whole)
    assert len(messages(rejected)) == 4


def test_a_file_without_a_single_whole_line_is_emptied(
    config: Config, run: Runner, rejected: Path
) -> None:
    rejected.write_text('{"type": "SCH')
    run(config, [schema(), record(call(call_duration="x"))])
    assert [one["type"] for one in messages(rejected)] == ["SCHEMA", "RECORD"]


def test_feeding_it_back_delivers_once_the_cause_is_gone(
    config: Config, command: Runner, rejected: Path, sandbox: Sandbox
) -> None:
    sandbox.refuse_users(["u-1"])
    rows = [call("u-0"), call("u-1"), call("u-2", call_center_name=TOO_LONG)]
    command(config, stream_of(rows))
    assert len(sandbox.enrichments) == 1
    sandbox.refuse_users([])
    config |= {"truncate_strings": True, "rejected_path": str(rejected) + ".2"}
    done = command(config, [], "--input", str(rejected))
    assert done.exit_code == 0, done.printed
    assert len(sandbox.enrichments) == 3
    assert not Path(config["rejected_path"]).exists()


def test_feeding_it_back_with_the_cause_still_there_replaces_the_note(
    config: Config, command: Runner, rejected: Path
) -> None:
    command(config, stream_of([call(call_duration="x")]))
    again = rejected.with_suffix(".again")
    config["rejected_path"] = str(again)
    command(config, [], "--input", str(rejected))
    (_, was), (_, now) = messages(rejected), messages(again)
    assert was["record"] == now["record"]
    assert now["rejected"]["reason"] == "wrong_type"


def test_reading_the_file_that_is_written_is_refused(
    config: Config, command: Runner, rejected: Path
) -> None:
    rejected.write_text(schema() + "\n")
    done = command(config, [], "--input", str(rejected))
    assert done.exit_code == 1
    assert len(done.errors) == 1
    assert "rejected_path" in done.errors[0]
    assert rejected.read_text() == schema() + "\n"


@pytest.mark.parametrize("make", ["folder", "file in a file", "missing folder"])
def test_a_path_that_cannot_be_written_is_found_out_before_the_run(
    config: Config, run: Runner, tmp_path: Path, make: str, sandbox: Sandbox
) -> None:
    (tmp_path / "file").touch()
    paths = {
        "folder": tmp_path,
        "file in a file": tmp_path / "file" / "x",
        "missing folder": tmp_path / "none" / "x",
    }
    config["rejected_path"] = str(paths[make])
    done = run(config, [schema(), *calls(1), state(1)])
    assert done.exit_code == 1
    assert len(done.errors) == 1
    assert "rejected_path" in done.errors[0]
    assert sandbox.requests == []


def test_without_a_file_the_first_one_ends_the_run(
    config: Config, run: Runner, sandbox: Sandbox
) -> None:
    lines = [schema(), *calls(2), record(call("u-2", call_duration="x")), state(3)]
    done = run(config, lines)
    assert (done.exit_code, done.states) == (1, [])
    (line,) = done.errors
    for word in ("'calls'", "row 3", "'call_duration'", "wrong_type", "rejected_path"):
        assert word in line
    _ = sandbox


def test_without_a_file_one_that_contentsquare_refuses_ends_the_run(
    config: Config, run: Runner, sandbox: Sandbox
) -> None:
    sandbox.refuse_users(["u-5"])
    done = run(config, [schema(), *calls(200), state(200)])
    assert (done.exit_code, done.states) == (1, [])
    (line,) = done.errors
    for word in ("'calls'", "row 6", "rejected_by_api"):
        assert word in line


@pytest.mark.parametrize(("allowed", "exit_code"), [(3, 0), (2, 1), (0, 1)])
def test_more_than_max_rejected_ends_the_run(
    config: Config, run: Runner, rejected: Path, allowed: int, exit_code: int
) -> None:
    config["max_rejected"] = allowed
    bad = [record(call(f"u-{n}", call_duration="x")) for n in range(3)]
    done = run(config, [schema(), record(call("good")), *bad, state(3)])
    assert done.exit_code == exit_code
    assert len(done.errors) == exit_code
    if exit_code:
        assert f"max_rejected ({allowed})" in done.errors[0]
        assert done.states == []
    written = notes(rejected) if rejected.exists() else []
    assert len(written) == min(allowed, 3)


def test_the_state_before_too_many_rejected_rows_is_printed(
    config: Config, run: Runner, rejected: Path
) -> None:
    config["max_rejected"] = 1
    bad = [record(call(f"u-{n}", call_duration="x")) for n in range(2)]
    done = run(config, [schema(), bad[0], state(1), bad[1], state(2)])
    assert (done.exit_code, done.states) == (1, [1])
    assert len(notes(rejected)) == 1


def test_a_full_disk_ends_the_run_in_one_line(
    config: Config, run: Runner, rejected: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    done = run(config, [schema(), record(call(call_duration="x")), state(1)])
    assert (done.exit_code, done.states) == (1, [])
    assert len(done.errors) == 1
    assert "No space left" in done.errors[0]
    assert str(rejected) in done.errors[0]


@pytest.mark.parametrize("states", [[], [state(1)]])
def test_a_run_that_can_t_keep_its_rejected_rows_tells_what_became_of_the_others(
    config: Config,
    run: Runner,
    rejected: Path,
    monkeypatch: pytest.MonkeyPatch,
    states: list[str],
) -> None:
    report = rejected.with_name("report.json")
    config["report_path"] = str(report)

    def fail(descriptor: int) -> None:
        if os.path.sameopenfile(descriptor, watched.fileno()):
            raise OSError(errno.ENOSPC, "No space left on device")

    rejected.touch()
    with rejected.open("rb") as watched:
        monkeypatch.setattr(os, "fsync", fail)
        bad = record(call(call_duration="x"))
        done = run(config, [schema(), *calls(2), bad, *states])
    assert (done.exit_code, done.states) == (1, [])
    assert len(done.errors) == 1
    assert "No space left" in done.errors[0]
    assert done.printed.count("No space left") == 1
    assert done.warnings[-1].endswith(
        f"not all of them may be in the file of rejected_path, '{rejected}'"
    )
    assert "stream 'calls': 3 read = 2 delivered" in done.printed
    told = json.loads(report.read_text("utf-8"))
    assert "No space left" in told["error"]


def test_all_faults_of_a_row_are_told(
    config: Config, run: Runner, rejected: Path
) -> None:
    bad = call("", "x", call_center_name=TOO_LONG, call_duration="long")
    done = run(config, [schema(), record(bad), *calls(1), state(1)])
    assert (done.exit_code, done.states) == (0, [1]), done.printed
    note = messages(rejected)[1]["rejected"]
    found = [(fault["reason"], fault["field"]) for fault in note["faults"]]
    assert found == [
        ("missing_user_id", "user_id"),
        ("invalid_session_number", "session_number"),
        ("string_too_long", "call_center_name"),
        ("wrong_type", "call_duration"),
    ]
    first = note["faults"][0]
    assert {key: note[key] for key in ("reason", "field", "detail")} == first
    # The row counts once, so that the numbers add up, and once for each fault.
    assert done.metric["rejected"] == {"missing_user_id": 1}
    counted = {(f["reason"], f["field"]): f["rows"] for f in done.metric["faults"]}
    assert counted == dict.fromkeys(found, 1)
    (told,) = [text for text in done.warnings if text.startswith("Rejected: ")]
    for reason, field in found:
        assert f"field '{field}': {reason}" in told
    assert TOO_LONG not in done.printed


@pytest.mark.usefixtures("rejected")
@pytest.mark.parametrize("count", [9, 10, 11, 250])
def test_the_log_names_ten_rows_of_a_stream_and_counts_the_rest(
    config: Config, run: Runner, count: int
) -> None:
    bad = [record(call(f"u-{n}", call_duration="x")) for n in range(count)]
    other = [record(call("v", call_duration="x"), "chats")]
    lines = [schema(), schema("chats"), *bad, *other, *calls(1), state(1)]
    done = run(config, lines)
    assert (done.exit_code, done.states) == (0, [1]), done.printed
    told = [text for text in done.warnings if text.startswith("Rejected: ")]
    rest = count - min(count, 10)
    last = f"Rejected: {rest} more rows of stream 'calls', which are not named here"
    assert len(told) == min(count, 10) + 1 + (rest > 0)
    assert (last in told) == (rest > 0)


@pytest.mark.usefixtures("rejected")
def test_the_summary_counts_by_reason_and_field(config: Config, run: Runner) -> None:
    rows = [
        *(call(f"a-{n}", call_duration="x") for n in range(3)),
        *(call(f"b-{n}", call_center_name=TOO_LONG) for n in range(2)),
        call("c", call_duration="x", has_called="maybe"),
    ]
    done = run(config, [schema(), *map(record, rows), *calls(1)])
    assert (
        "stream 'calls': rejected for wrong_type of 'call_duration' 4, "
        "string_too_long of 'call_center_name' 2, wrong_type of 'has_called' 1"
    ) in done.logged("INFO")
