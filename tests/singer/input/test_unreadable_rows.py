"""Rows that no JSON reader takes: rejected, or not looked at."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.runs import run_here
from tests.singer_input import CALLS, call, record, schema, state

if TYPE_CHECKING:
    from pathlib import Path

    from target_contentsquare.sandbox import Sandbox
    from tests.runs import Config, Run

BYTES = b'"caf\xe9"'
DEEP = b"[" * 1_000 + b"]" * 1_000
DEEPER = b'{"a":[' * 50_000 + b"]}" * 50_000
VALUES = {"not UTF-8": BYTES, "1,000 levels": DEEP, "100,000 levels": DEEPER}
UNREADABLE = pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
#: What sends rows on the long way, through maps.
WAYS: dict[str, dict[str, Any]] = {
    "straight": {},
    "maps": {"stream_maps": {"calls": {"more": "'x'"}}},
    "validation": {"validate_records": True},
}
EACH_WAY = pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)


@pytest.fixture
def rejected(tmp_path: Path, config: Config) -> Path:
    path = tmp_path / "rejected.singer"
    config["rejected_path"] = str(path)
    return path


def row_with(name: str, value: bytes, user: str = "u-1") -> bytes:
    row = record(call(user, **{name: "VALUE"})).encode()
    return row.replace(b'"VALUE"', value)


def run_bytes(config: Config, folder: Path, *lines: bytes) -> Run:
    source = folder / "input.singer"
    ends = state({"at": 9}).encode()
    source.write_bytes(b"\n".join([schema().encode(), *lines, ends, b""]))
    return run_here(config, source)


@EACH_WAY
@UNREADABLE
def test_a_property_that_is_not_mapped_does_not_matter(
    config: Config, tmp_path: Path, sandbox: Sandbox, value: bytes, way: dict[str, Any]
) -> None:
    config |= way
    done = run_bytes(config, tmp_path, row_with("other", value))
    assert (done.exit_code, done.states) == (0, [{"at": 9}]), done.printed
    assert {key.user_id for key in sandbox.enrichments} == {"u-1"}


@pytest.mark.parametrize("name", ["call_center_name", "user_id"])
@EACH_WAY
@UNREADABLE
def test_a_row_whose_mapped_property_can_not_be_read_is_rejected(  # noqa: PLR0913, PLR0917 - parameters
    config: Config,
    tmp_path: Path,
    rejected: Path,
    sandbox: Sandbox,
    value: bytes,
    way: dict[str, Any],
    name: str,
) -> None:
    config |= way
    bad = row_with(name, value)
    done = run_bytes(config, tmp_path, bad, record(call("good")).encode())
    assert (done.exit_code, done.states) == (0, [{"at": 9}]), done.printed
    assert {key.user_id for key in sandbox.enrichments} == {"good"}
    if value is not DEEP:  # from Python 3.12 on, the reader takes 1,000 levels
        assert done.metric["rejected"] == {"invalid_record": 1}
    assert sum(done.metric["rejected"].values()) == 1
    first, second = rejected.read_bytes().splitlines()
    assert json.loads(first) == json.loads(schema())
    kept = bad.decode(errors="replace").encode().removesuffix(b"}")
    assert second.replace(b" ", b"").startswith(kept.replace(b" ", b""))
    second.decode()


@UNREADABLE
def test_without_a_place_for_it_such_a_row_ends_the_run(
    config: Config, tmp_path: Path, value: bytes
) -> None:
    done = run_bytes(config, tmp_path, row_with("call_center_name", value))
    assert (done.exit_code, done.states) == (1, [])
    (line,) = done.errors
    assert "stream 'calls', row 1" in line
    assert "set rejected_path" in line


@UNREADABLE
def test_a_row_of_a_skipped_stream_does_not_matter(
    config: Config, tmp_path: Path, value: bytes
) -> None:
    config["streams"] = {"calls": {}}
    other = row_with("call_center_name", value).replace(b'"calls"', b'"chats"')
    done = run_bytes(config, tmp_path, schema("chats").encode(), other)
    assert (done.exit_code, done.states) == (0, [{"at": 9}]), done.printed


@UNREADABLE
def test_a_row_of_a_batch_file_is_treated_alike(
    config: Config, tmp_path: Path, rejected: Path, sandbox: Sandbox, value: bytes
) -> None:
    rows = tmp_path / "rows.jsonl"
    row = json.dumps(call("u-1", call_center_name="VALUE")).encode()
    good = json.dumps(call("good")).encode()
    rows.write_bytes(row.replace(b'"VALUE"', value) + b"\n" + good + b"\n")
    message = {
        "type": "BATCH",
        "stream": "calls",
        "encoding": {"format": "jsonl"},
        "manifest": [str(rows)],
    }
    done = run_bytes(config, tmp_path, json.dumps(message).encode())
    assert done.exit_code == 0, done.printed
    assert {key.user_id for key in sandbox.enrichments} == {"good"}
    assert rejected.exists()


@pytest.mark.parametrize(
    "line",
    [
        b'{"type":"STATE","value":{"a":' + DEEPER + b"}}",
        b'{"type":"SCHEMA","stream":"s","schema":{"properties":{"a":' + DEEPER + b"}}}",
        b'{"type":"RECORD","stream":"s\xe9","record":{}}',
        b'{"type":"SCHEMA","stream":"s\xe9","schema":{"properties":{}}}',
        b'{"type":"RECORD","stream":"calls","record":' + b"[" * 100_000,
    ],
)
def test_other_messages_that_can_not_be_read_end_the_run(
    config: Config, tmp_path: Path, line: bytes
) -> None:
    done = run_bytes(config, tmp_path, line)
    assert (done.exit_code, done.states) == (1, [])
    (error,) = done.errors
    assert "line 2 of the input" in error
    assert "check the tap" in error


def test_every_mapped_property_may_be_there_after_a_deep_one(
    config: Config, tmp_path: Path, sandbox: Sandbox
) -> None:
    """What stands after a value that is not read is read, quotes and all."""
    row = call("u-1", before='a"]}\\', call_center_name='b"[{\\', nested="VALUE")
    line = record(row).encode().replace(b'"VALUE"', DEEPER)
    done = run_bytes(config, tmp_path, line)
    assert done.exit_code == 0, done.printed
    ((_, fields),) = sandbox.enrichments.items()
    assert fields["call_center_name"] == 'b"[{\\'
    assert set(fields) <= set(CALLS)
