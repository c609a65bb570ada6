"""BATCH messages: each row of their files is treated like one in a RECORD."""

import gzip
import json
import signal
import tracemalloc
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import fsspec
import pytest
from singer_sdk.helpers._batch import StorageTarget

from target_contentsquare.errors import InputError
from target_contentsquare.sandbox import Sandbox
from target_contentsquare.singer import intake
from target_contentsquare.singer.input.batch_files import batch_lines
from tests.runs import Config, Run, Runner
from tests.singer_input import call, calls, record, schema, state

TOO_LONG = "x" * 51


def text_of(rows: Iterable[object]) -> bytes:
    return "".join(f"{json.dumps(row)}\n" for row in rows).encode()


def people(count: int) -> list[dict[str, object]]:
    return [call(f"u-{n}") for n in range(count)]


def batch(*urls: object, compression: object = None, **changes: object) -> str:
    encoding = {"format": "jsonl", "compression": compression}
    message = {"type": "BATCH", "stream": "calls", "encoding": encoding}
    return json.dumps({**message, "manifest": urls, **changes})


def assert_one_line(done: Run, *words: str) -> None:
    assert (done.exit_code, done.states, len(done.errors)) == (1, [], 1), done.printed
    assert "defect in this target" not in done.errors[0]
    for word in words:
        assert word in done.errors[0]


@pytest.mark.parametrize("url", ["{path}", "file://{path}"])
@pytest.mark.parametrize("compression", [None, "none", "gzip"])
def test_files_plain_and_compressed(  # noqa: PLR0913, PLR0917 - fixtures
    config: Config,
    run: Runner,
    sandbox: Sandbox,
    tmp_path: Path,
    url: str,
    compression: str | None,
) -> None:
    text = text_of(people(250))
    path = tmp_path / "rows"
    path.write_bytes(gzip.compress(text) if compression == "gzip" else text)
    message = batch(url.format(path=path), compression=compression)
    done = run(config, [schema(), message, state({"at": 250})])
    assert (done.exit_code, done.states) == (0, [{"at": 250}]), done.printed
    assert {key.user_id for key in sandbox.enrichments} == {
        f"u-{n}" for n in range(250)
    }
    assert sorted(request.rows for request in sandbox.requests) == [50, 200]


def test_files_that_fsspec_knows(config: Config, run: Runner, sandbox: Sandbox) -> None:
    with fsspec.open("memory://calls/rows.gz", "wb", compression="gzip") as file:
        file.write(text_of(people(3)))
    message = batch("memory://calls/rows.gz", compression="gzip")
    done = run(config, [schema(), message, state(1)])
    assert (done.exit_code, done.states) == (0, [1]), done.printed
    assert len(sandbox.enrichments) == 3


def test_the_folder_of_batch_config_stands_in_for_the_taps(
    config: Config, run: Runner, sandbox: Sandbox, tmp_path: Path
) -> None:
    (tmp_path / "rows.jsonl").write_bytes(text_of(people(3)))
    config["batch_config"] = {
        "encoding": {"format": "jsonl", "compression": "none"},
        "storage": {"root": f"file://{tmp_path}/"},
    }
    done = run(config, [schema(), batch("s3://bucket/of/tap/rows.jsonl"), state(1)])
    assert (done.exit_code, done.states) == (0, [1]), done.printed
    assert len(sandbox.enrichments) == 3


def test_several_files_and_blank_lines(
    config: Config, run: Runner, sandbox: Sandbox, tmp_path: Path
) -> None:
    first, second = tmp_path / "1", tmp_path / "2"
    first.write_bytes(text_of(people(2)).strip())
    second.write_bytes(b"\n  \r\n" + text_of([call("last")]) + b"\n")
    done = run(config, [schema(), batch(str(first), str(second)), state(1)])
    assert done.exit_code == 0
    assert [key.user_id for key in sandbox.enrichments] == ["u-0", "u-1", "last"]


@pytest.mark.parametrize(
    "folder", ["plain", "with blank", "é=+:$", "50%", "a%20b", "[1]"]
)
@pytest.mark.parametrize(
    "name",
    ["rows.jsonl", "é=+:$ x.jsonl", "a%20b.jsonl", "r[0]*?.jsonl", "h#x", "100%"],
)
def test_file_names_that_the_sdk_writes_percent_encoded(
    tmp_path: Path, folder: str, name: str
) -> None:
    path = tmp_path / folder / name
    path.parent.mkdir()
    path.write_bytes(text_of([call("a")]))
    storage = StorageTarget(root=f"file://{path.parent}")
    urls = [
        storage.get_url(name),
        f"file://localhost{quote(str(path))}",
        f"file://LOCALHOST{path}",
        f"file://{path}",
        str(path),
    ]
    for url in urls:
        message = json.loads(batch(url))
        for root in (None, str(path.parent), f"file://{path.parent}/"):
            rows = list(batch_lines(message, {"root": root}))
            assert [json.loads(row)["record"]["user_id"] for row in rows] == ["a"]


def test_a_name_is_read_as_it_stands_first(tmp_path: Path) -> None:
    for name in ("a b", "a%20b"):
        (tmp_path / name).write_bytes(text_of([call(name)]))
    (row,) = batch_lines(json.loads(batch(f"file://{tmp_path}/a%20b")), None)
    assert json.loads(row)["record"]["user_id"] == "a%20b"


def test_a_file_that_is_not_there_is_named_as_in_the_manifest(tmp_path: Path) -> None:
    url = f"file://{tmp_path}/no%20file"
    with pytest.raises(InputError, match=f"{url}.*No such file"):
        list(batch_lines(json.loads(batch(url)), None))


@pytest.fixture
def mixed() -> list[dict[str, object]]:
    """Rows of every fate, some of them not as the schema promises."""
    return [
        call("good", call_center_name="RENNES"),
        call("text", call_duration="7", call_center_name=None),
        call("long", call_center_name=TOO_LONG),
        call("old", session_started_at="2020-01-01T00:00:00Z"),
        call("none", call_duration=None),
        call("good", call_center_name="PARIS"),
        call(None, 1),  # type: ignore[arg-type] # a broken row
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"validate_records": True},
        {"stream_maps": {"calls": {"user_id": "user_id"}}},
        {"stream_maps": {"calls": {"__filter__": "user_id != 'text'"}}},
        {
            "streams": {"chats": {}, "crm": {}},
            "stream_maps": {"calls": {"__alias__": "crm"}},
        },
    ],
    ids=["plain", "validation", "stream map", "filter", "alias"],
)
def test_a_row_becomes_what_it_would_in_a_record(  # noqa: PLR0913, PLR0917 - fixtures
    config: Config,
    run: Runner,
    sandbox: Sandbox,
    tmp_path: Path,
    mixed: list[dict[str, object]],
    changes: dict[str, Any],
) -> None:
    def outcome(lines: list[str], name: str) -> Any:
        sandbox.reset()
        rejected = tmp_path / name
        given = {**config, **changes, "rejected_path": str(rejected)}
        done = run(given, [schema(), *lines, state(1)])
        assert (done.exit_code, done.states) == (0, [1]), done.printed
        written = [json.loads(line) for line in rejected.read_text().splitlines()]
        kept = [(m["record"], m["rejected"]["reason"]) for m in written[1:]]
        counts = {k: v for k, v in done.metric.items() if k != "seconds"}
        warnings = [text.replace(str(rejected), "") for text in done.warnings]
        return sandbox.enrichments, kept, counts, warnings

    path = tmp_path / "rows"
    path.write_bytes(text_of(mixed))
    as_records = outcome([record(row) for row in mixed], "records")
    assert outcome([batch(str(path))], "batch") == as_records
    assert as_records[1]


def test_rejected_rows_can_be_fed_in_again(
    config: Config, run: Runner, sandbox: Sandbox, tmp_path: Path
) -> None:
    path, rejected = tmp_path / "rows", tmp_path / "rejected.singer"
    path.write_bytes(text_of([call("a", call_center_name=TOO_LONG)]))
    run({**config, "rejected_path": str(rejected)}, [schema(), batch(str(path))])
    lines = rejected.read_text().splitlines()
    done = run({**config, "truncate_strings": True}, lines)
    assert done.exit_code == 0, done.printed
    assert len(sandbox.enrichments) == 1


def test_order_holds_between_records_and_batches(
    config: Config, run: Runner, sandbox: Sandbox, tmp_path: Path
) -> None:
    path = tmp_path / "rows"
    path.write_bytes(text_of([call("a", call_duration=2), call("b", call_duration=2)]))
    first = [record(call(user, call_duration=1)) for user in "ab"]
    last = record(call("b", call_duration=3))
    run(config, [schema(), *first, batch(str(path)), last])
    values = {k.user_id: v["call_duration"] for k, v in sandbox.enrichments.items()}
    assert values == {"a": 2, "b": 3}


def test_a_state_before_a_batch_that_fails_is_printed_and_none_after(
    config: Config, run: Runner, tmp_path: Path
) -> None:
    path = tmp_path / "rows"
    path.write_bytes(text_of(people(200)))
    lines = [schema(), *calls(200), state("before"), batch(str(path), "/nowhere")]
    done = run(config, [*lines, state("after")])
    assert (done.exit_code, done.states, len(done.errors)) == (1, ["before"], 1)
    assert "/nowhere" in done.errors[0]


def test_a_stream_without_a_mapping_is_skipped(
    config: Config, run: Runner, tmp_path: Path
) -> None:
    config["streams"] = {"chats": {}}
    path = tmp_path / "there-is-no-such-file"
    lines = [schema(), batch(str(path)), schema("chats"), *chats(1)]
    done = run(config, lines)
    assert done.exit_code == 0
    # Its files are not opened, so their rows are not counted.
    assert (done.metric["skipped"], done.metric["read"]) == (0, 1)


def chats(count: int) -> list[str]:
    return [record(row, "chats") for row in people(count)]


CORRUPT = bytearray(gzip.compress(text_of(people(300)), mtime=0))
CORRUPT[200:220] = b"\xff" * 20


@pytest.mark.parametrize(
    ("content", "changes", "words"),
    [
        (None, {}, ["No such file"]),
        (gzip.compress(text_of(people(9)))[:-20], {"compression": "gzip"}, ["EOF"]),
        (bytes(CORRUPT), {"compression": "gzip"}, ["can't be read"]),
        (b"not gzip", {"compression": "gzip"}, ["BadGzipFile"]),
        (text_of(people(2)) + b'{"user_id": \n', {}, ["'calls': row 3"]),
        (b"7\n", {}, ["'calls', row 1"]),
    ],
)
def test_a_file_that_cannot_be_read(  # noqa: PLR0913, PLR0917 - fixtures
    config: Config,
    run: Runner,
    tmp_path: Path,
    content: bytes | None,
    changes: dict[str, Any],
    words: list[str],
) -> None:
    path = tmp_path / "rows"
    if content is not None:
        path.write_bytes(content)
    done = run(config, [schema(), batch(str(path), **changes), state(1)])
    where = [] if "row" in words[0] else [f"batch file '{path}'"]
    assert_one_line(done, *where, *words)


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (batch("x", encoding={"format": "parquet"}), ["'calls'", "JSONL"]),
        (batch("x", compression="zstd"), ["'calls'", "JSONL", "gzip"]),
        (batch("x", compression=[]), ["'calls'", "JSONL", "gzip"]),
        (batch("x", encoding={"format": []}), ["'calls'", "JSONL"]),
        (batch("x", encoding="jsonl"), ["'calls'", "'encoding'"]),
        (batch("x", manifest="x"), ["'calls'", "'manifest'"]),
        (batch("x", stream="chats"), ["line 2", "'chats'", "SCHEMA"]),
        (batch("nothing-knows-this://x"), ["nothing-knows-this://x"]),
        (batch("\x00"), ["batch file"]),
    ],
)
def test_a_message_that_cannot_be_followed(
    config: Config, run: Runner, message: str, words: list[str]
) -> None:
    assert_one_line(run(config, [schema(), message, state(1)]), *words)


def test_a_missing_driver_is_named() -> None:
    message = json.loads(batch("s3://bucket/rows"))
    with pytest.raises(InputError, match="s3fs"):
        list(batch_lines(message, None))


def test_a_signal_ends_it_after_the_row(
    config: Config, run: Runner, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> Iterator[bytes]:
        rows = [record(row).encode() for row in people(20)]
        yield from rows[:5]
        signal.raise_signal(signal.SIGTERM)
        yield from rows[5:]

    monkeypatch.setattr(intake, "batch_lines", interrupted)
    done = run(config, [schema(), state("before"), batch("x"), state("after")])
    assert (done.exit_code, done.states) == (128 + signal.SIGTERM, ["before"])
    assert len(sandbox.enrichments) == 5


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_memory_does_not_grow_with_a_file(
    tmp_path: Path, pack: Callable[[bytes], bytes]
) -> None:
    path = tmp_path / "rows"
    path.write_bytes(pack(text_of([call(call_center_name="RENNES")]) * 50_000))
    compression = "gzip" if pack is gzip.compress else None
    message = json.loads(batch(str(path), compression=compression))
    tracemalloc.start()
    try:
        assert sum(1 for _ in batch_lines(message, None)) == 50_000
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()
