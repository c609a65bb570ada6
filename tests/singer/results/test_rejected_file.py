"""The rejected file on its own: what is written, and what can be read back."""

import json
import os
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from target_contentsquare.delivery.origin import Origin
from target_contentsquare.delivery.rejects import Rejection
from target_contentsquare.delivery.summary.summary import StreamCounts
from target_contentsquare.errors import OutputError
from target_contentsquare.singer.input.tap_stream import TapStream
from target_contentsquare.singer.results.rejected_file import RejectedFile
from target_contentsquare.singer.results.rejected_line import with_note

SCHEMA = {"type": "SCHEMA", "stream": "calls", "schema": {"properties": {}}}
LINE = b'{"type":"RECORD","stream":"calls","record":{"a":1.50}}'
SOURCE = TapStream(name="calls", schema=SCHEMA)
ORIGIN = Origin(StreamCounts(), SOURCE, 1, LINE, len(LINE), None)
REJECTION = Rejection("wrong_type", "a", "not text")


def noon() -> datetime:
    return datetime(2026, 11, 20, 12, 0, 0, 999, tzinfo=timezone.utc)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "rejected.singer"


def test_a_row_with_its_note(path: Path) -> None:
    file = RejectedFile(path, noon)
    file.write(ORIGIN, REJECTION)
    file.close()
    first, second = path.read_text().splitlines()
    assert json.loads(first) == SCHEMA
    assert json.loads(second)["rejected"] == {
        "reason": "wrong_type",
        "field": "a",
        "detail": "not text",
        "at": "2026-11-20T12:00:00Z",
        "run": "2026-11-20T12:00:00.000Z",
        "row": 1,
        "faults": [{"reason": "wrong_type", "field": "a", "detail": "not text"}],
    }


def test_what_is_synced_is_in_the_file(path: Path) -> None:
    file = RejectedFile(path, noon)
    file.write(ORIGIN, REJECTION)
    file.sync()
    assert len(path.read_text().splitlines()) == 2
    file.close()


def test_nothing_is_made_before_the_first_row(path: Path) -> None:
    file = RejectedFile(path, noon)
    file.check()
    file.sync()
    file.close()
    assert not path.exists()


@pytest.mark.parametrize("name", [".", "none/x"])
def test_a_place_that_cannot_be_written(tmp_path: Path, name: str) -> None:
    with pytest.raises(OutputError, match="rejected_path"):
        RejectedFile(tmp_path / name, noon).check()


def test_what_is_no_file_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe, 0o644)
    with pytest.raises(OutputError, match="rejected_path"):
        RejectedFile(pipe, noon).check()


def test_it_knows_its_own_file(path: Path) -> None:
    file = RejectedFile(path, noon)
    path.touch()
    other = path.with_name("other")
    other.touch()
    for one, is_same in ((path, True), (other, False)):
        with one.open("rb") as opened:
            assert file.is_same_file(opened.fileno()) is is_same


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ('{"type":"RECORD","record":{"a":1.50,"b":1E400}}', '{"a":1.50,"b":1E400}'),
        ('{"type":"RECORD","record":{"a":"\\ud800"}}', '"\\ud800"'),
        ('{"type":"RECORD","record":{"a":NaN}}', "NaN"),
        ('{"type":"RECORD","record":{"é":"é"}}', "é"),
    ],
)
def test_a_row_stays_as_it_is(line: str, kept: str) -> None:
    written = with_note(line.encode(), {"reason": "x"}).decode()
    assert kept in written
    assert '"reason":"x"' in written.replace(" ", "")


def test_a_note_replaces_an_earlier_one() -> None:
    once = with_note(LINE, {"reason": "first"})
    again: Any = json.loads(with_note(once, {"reason": "second"}))
    note = again["rejected"]
    assert (note["reason"], note["attempts"]) == ("second", 2)
