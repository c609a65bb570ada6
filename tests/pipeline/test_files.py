import json
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from target_contentsquare.sandbox import Fault, Sandbox
from tests.pipeline.enrichments import Enrichments, differences
from tests.pipeline.exported_calls import (
    Call,
    expected_of_csv,
    expected_of_jsonl,
    make_calls,
    write_csv,
    write_jsonl,
)
from tests.pipeline.meltano_project import Pipeline

ROWS = 2_500


@dataclass(frozen=True)
class FileFormat:
    """A format of files, and the plugins that deliver them.

    Attributes:
        sends_known_files: Whether the tap sends unchanged files again, in spite of
            its state.
    """

    suffix: str
    extractor: str
    loader: str
    stream: str
    write: Callable[[Path, Iterable[Call]], None]
    expected: Callable[[Iterable[Call]], Enrichments]
    sends_known_files: bool


CSV = FileFormat(
    "csv",
    "tap-spreadsheets",
    "target-contentsquare",
    "phone_calls",
    write_csv,
    expected_of_csv,
    sends_known_files=False,
)
JSONL = FileFormat(
    "jsonl",
    "tap-jsonl",
    "target-contentsquare-flattened",
    "chats",
    write_jsonl,
    expected_of_jsonl,
    sends_known_files=True,
)


@dataclass(frozen=True)
class Exports:
    """A folder with exported files."""

    folder: Path
    file_format: FileFormat

    def write(self, name: str, calls: Iterable[Call], *, hours_ago: int) -> datetime:
        """Write a file, and return its modification time, which the taps go by."""
        path = self.folder / f"{name}.{self.file_format.suffix}"
        self.file_format.write(path, calls)
        moment = datetime.now(timezone.utc) - timedelta(hours=hours_ago)
        moment = moment.replace(microsecond=0)
        os.utime(path, (moment.timestamp(), moment.timestamp()))
        return moment


@pytest.fixture(params=[CSV, JSONL], ids=lambda file_format: str(file_format.suffix))
def exports(request: pytest.FixtureRequest, tmp_path: Path) -> Exports:
    return Exports(tmp_path, request.param)


@pytest.fixture
def from_files(pipeline: Callable[..., Pipeline], exports: Exports) -> Pipeline:
    file_format = exports.file_format
    return pipeline(
        file_format.extractor, file_format.loader, EXPORTS=str(exports.folder)
    )


def bookmark(pipeline: Pipeline, file_format: FileFormat) -> datetime:
    """Return the time of the latest file that Meltano's stored state covers."""
    stream = pipeline.bookmarks[file_format.stream]
    # One tap keeps a bookmark for the stream, the other one for each file.
    bookmarks = [stream, *stream.get("partitions", [])]
    return max(datetime.fromisoformat(b["replication_key_value"]) for b in bookmarks)


def test_an_export_arrives_and_so_does_the_next_one(
    exports: Exports, from_files: Pipeline, sandbox: Sandbox
) -> None:
    file_format = exports.file_format
    monday = make_calls(ROWS, seed=1, prefix="monday")
    written = exports.write("monday", monday, hours_ago=3)
    assert from_files.run().exit_code == 0
    first = sandbox.enrichments
    assert differences(first, file_format.expected(monday)) == []
    assert bookmark(from_files, file_format) == written

    tuesday = make_calls(ROWS, seed=2, prefix="tuesday")
    written = exports.write("tuesday", tuesday, hours_ago=2)
    sandbox.reset()
    assert from_files.run().exit_code == 0
    second = sandbox.enrichments
    sent = [*monday, *tuesday] if file_format.sends_known_files else tuesday
    assert differences(second, file_format.expected(sent)) == []
    assert bookmark(from_files, file_format) == written


def test_an_export_that_an_outage_cut_off_arrives_with_the_next_run(
    exports: Exports, from_files: Pipeline, sandbox: Sandbox
) -> None:
    calls = make_calls(ROWS, seed=3, prefix="wednesday")
    written = exports.write("wednesday", calls, hours_ago=1)
    sandbox.add_fault(Fault(after=3, status=503, count=None))
    result = from_files.run(TARGET_CONTENTSQUARE_MAX_RETRY_SECONDS="1")
    assert result.exit_code != 0
    assert "HTTP 503" in result.loader_errors[-1]
    expected = exports.file_format.expected(calls)
    assert 0 < len(sandbox.enrichments) < len(expected)
    # These taps write their first state at the end of a file.
    assert exports.file_format.stream not in from_files.bookmarks

    sandbox.reset()
    assert from_files.run().exit_code == 0
    assert differences(sandbox.enrichments, expected) == []
    assert bookmark(from_files, exports.file_format) == written


def test_a_row_that_cannot_be_sent_is_put_aside_and_the_run_succeeds(
    pipeline: Callable[..., Pipeline], sandbox: Sandbox, tmp_path: Path
) -> None:
    good = make_calls(20, seed=4, prefix="good")
    write_csv(tmp_path / "good.csv", good)
    write_csv(tmp_path / "typed.csv", good[:1], cs_user="typed", seconds="five minutes")
    rejected = tmp_path / "rejected.singer"
    result = pipeline("tap-spreadsheets", EXPORTS=str(tmp_path)).run(
        TARGET_CONTENTSQUARE_REJECTED_PATH=str(rejected)
    )
    assert result.exit_code == 0
    assert differences(sandbox.enrichments, expected_of_csv(good)) == []
    lines = rejected.read_text(encoding="utf-8").splitlines()
    schema, record = (json.loads(line) for line in lines)
    assert schema["type"] == "SCHEMA"
    assert record["record"]["seconds"] == "five minutes"
    assert record["rejected"]["reason"] == "wrong_type"
    assert record["rejected"]["field"] == "call_duration"
