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
class Kind:
    """A kind of file, and the way it takes.

    `sends_known_files` is what the tap does: its own state does not keep it from
    sending what has not changed.
    """

    suffix: str
    extractor: str
    loader: str
    stream: str
    write: Callable[[Path, Iterable[Call]], None]
    expected: Callable[[Iterable[Call]], Enrichments]
    sends_known_files: bool


CSV = Kind(
    "csv",
    "tap-spreadsheets",
    "target-contentsquare",
    "phone_calls",
    write_csv,
    expected_of_csv,
    sends_known_files=False,
)
JSONL = Kind(
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
    """A folder that files are exported to."""

    folder: Path
    kind: Kind

    def write(self, name: str, calls: Iterable[Call], *, hours_ago: int) -> datetime:
        """Export a file, and say when: the taps go by a file's modification time."""
        path = self.folder / f"{name}.{self.kind.suffix}"
        self.kind.write(path, calls)
        moment = datetime.now(timezone.utc) - timedelta(hours=hours_ago)
        moment = moment.replace(microsecond=0)
        os.utime(path, (moment.timestamp(), moment.timestamp()))
        return moment


@pytest.fixture(params=[CSV, JSONL], ids=lambda kind: str(kind.suffix))
def exports(request: pytest.FixtureRequest, tmp_path: Path) -> Exports:
    return Exports(tmp_path, request.param)


@pytest.fixture
def from_files(pipeline: Callable[..., Pipeline], exports: Exports) -> Pipeline:
    kind = exports.kind
    return pipeline(kind.extractor, kind.loader, EXPORTS=str(exports.folder))


def bookmark(pipeline: Pipeline, kind: Kind) -> datetime:
    """The latest export that Meltano's stored state says was delivered."""
    found = pipeline.bookmarks[kind.stream]
    # One tap keeps a bookmark for the stream, the other one for each file.
    all_kept = [found, *found.get("partitions", [])]
    return max(datetime.fromisoformat(one["replication_key_value"]) for one in all_kept)


def test_an_export_arrives_and_so_does_the_next_one(
    exports: Exports, from_files: Pipeline, sandbox: Sandbox
) -> None:
    kind = exports.kind
    monday = make_calls(ROWS, seed=1, prefix="monday")
    written = exports.write("monday", monday, hours_ago=3)
    assert from_files.run().exit_code == 0
    first = sandbox.enrichments
    assert differences(first, kind.expected(monday)) == []
    assert bookmark(from_files, kind) == written

    tuesday = make_calls(ROWS, seed=2, prefix="tuesday")
    written = exports.write("tuesday", tuesday, hours_ago=2)
    sandbox.reset()
    assert from_files.run().exit_code == 0
    second = sandbox.enrichments
    sent = [*monday, *tuesday] if kind.sends_known_files else tuesday
    assert differences(second, kind.expected(sent)) == []
    assert bookmark(from_files, kind) == written


def test_an_export_that_an_outage_cut_off_arrives_with_the_next_run(
    exports: Exports, from_files: Pipeline, sandbox: Sandbox
) -> None:
    calls = make_calls(ROWS, seed=3, prefix="wednesday")
    written = exports.write("wednesday", calls, hours_ago=1)
    sandbox.add_fault(Fault(after=3, status=503, count=None))
    ended = from_files.run(TARGET_CONTENTSQUARE_MAX_RETRY_SECONDS="1")
    assert ended.exit_code != 0
    assert "HTTP 503" in ended.loader_errors[-1]
    expected = exports.kind.expected(calls)
    assert 0 < len(sandbox.enrichments) < len(expected)
    # These taps write their state at the end of a file: there is none yet.
    assert exports.kind.stream not in from_files.bookmarks

    sandbox.reset()
    assert from_files.run().exit_code == 0
    assert differences(sandbox.enrichments, expected) == []
    assert bookmark(from_files, exports.kind) == written


def test_a_row_that_cannot_be_sent_is_put_aside_and_the_run_succeeds(
    pipeline: Callable[..., Pipeline], sandbox: Sandbox, tmp_path: Path
) -> None:
    good = make_calls(20, seed=4, prefix="good")
    write_csv(tmp_path / "good.csv", good)
    write_csv(tmp_path / "typed.csv", good[:1], cs_user="typed", seconds="five minutes")
    rejected = tmp_path / "rejected.singer"
    ended = pipeline("tap-spreadsheets", EXPORTS=str(tmp_path)).run(
        TARGET_CONTENTSQUARE_REJECTED_PATH=str(rejected)
    )
    assert ended.exit_code == 0
    assert differences(sandbox.enrichments, expected_of_csv(good)) == []
    lines = rejected.read_text(encoding="utf-8").splitlines()
    schema, record = (json.loads(line) for line in lines)
    assert schema["type"] == "SCHEMA"
    assert record["record"]["seconds"] == "five minutes"
    assert record["rejected"]["reason"] == "wrong_type"
    assert record["rejected"]["field"] == "call_duration"
