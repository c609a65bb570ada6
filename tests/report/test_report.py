"""The report of a run: JSON, or a page for people who are no engineers."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from target_contentsquare.report.reasons import sentence_for
from target_contentsquare.sandbox import Sandbox
from target_contentsquare.singer.target import TargetContentsquare
from tests.docs.pages import ROOT
from tests.runs import Config, Run, Runner
from tests.singer_input import call, calls, record, schema, state

LINES = [
    schema(),
    *calls(250),
    record(call("s")),
    record(call("s3cret-user", call_duration="s3cret-value")),
    record(call("nothing", call_duration=None)),
    state(1),
]
MAILS = [schema("mails"), record(call("m"), "mails")]


@pytest.fixture
def path(config: Config, tmp_path: Path) -> Path:
    config["rejected_path"] = str(tmp_path / "rejected.singer")
    config["report_path"] = str(tmp_path / "report.json")
    return tmp_path / "report.json"


def report_in(path: Path) -> dict[str, Any]:
    report: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return report


def test_it_says_what_became_of_the_rows(
    config: Config, run: Runner, path: Path
) -> None:
    done = run(config, LINES)
    report = report_in(path)
    assert report["error"] is None
    assert report["program"].startswith("target-contentsquare/")
    counts = {k: v for k, v in done.metric.items() if k != "seconds"}
    assert {k: v for k, v in report["rows"].items() if k != "seconds"} == counts
    assert sum(step["answered"] for step in report["requests"]["steps"]) == 2


def test_it_has_the_mapping(config: Config, run: Runner, path: Path) -> None:
    run(config, LINES)
    (stream,) = report_in(path)["mapping"]
    assert (stream["stream"], stream["setting"]) == ("calls", "streams.*")
    session = {m["field"]: m["property"] or m["value"] for m in stream["session"]}
    assert session == {
        "user_id": "user_id",
        "session_number": "session_number",
        "session_started_at": "session_started_at",
        "enrichment_number": 1,
        "project_id": 162,
    }
    types = {m["field"]: m["type"] for m in stream["fields"]}
    assert types["call_duration"] == "INT"


def test_it_has_the_streams_and_rows_that_were_left_out(
    config: Config, run: Runner, path: Path
) -> None:
    config["streams"] = {"calls": {}}
    config["stream_maps"] = {"calls": {"__filter__": "user_id != 'nothing'"}}
    run(config, [*MAILS, *LINES])
    report = report_in(path)
    assert report["skipped_rows"] == {"mails": 1}
    assert report["removed_rows"] == {"calls": 1}


def test_it_has_a_sentence_for_each_reason(
    config: Config, run: Runner, path: Path
) -> None:
    run(config, LINES)
    reasons = report_in(path)["reasons"]
    assert set(reasons) == {"no_enrichment_fields", "wrong_type"}
    assert "a word where a number should be" in reasons["wrong_type"]


def test_every_reason_in_the_docs_has_a_sentence() -> None:
    page = (ROOT / "docs" / "rows.md").read_text("utf-8")
    reasons = re.findall(r"^\| `([a-z_]+)` \|", page, re.MULTILINE)
    assert len(reasons) >= 20
    assert [reason for reason in reasons if not sentence_for(reason)] == []


def test_it_has_all_settings_and_no_secret_of_a_library(
    config: Config, run: Runner, path: Path
) -> None:
    storage = {"root": "s3://s3cret:s3cret@bucket/a", "params": {"key": "s3cret"}}
    config |= {
        "flattening_enabled": False,
        "batch_config": {"encoding": {"format": "jsonl"}, "storage": storage},
        "stream_map_config": {"hash_seed": "s3cret"},
        "stream_maps": {"calls": {"made": "'here'"}},
        "max_session_age_days": 5,
    }
    run(config, LINES)
    settings = report_in(path)["settings"]
    assert "s3cret" not in path.read_text("utf-8")
    assert settings["batch_config"] == {
        "encoding": {"format": "jsonl"},
        "storage": {"root": "s3://bucket/a", "params": ["key"]},
    }
    assert settings["stream_map_config"] == ["hash_seed"]
    assert settings["stream_maps"] == {"calls": {"made": "'here'"}}
    assert (settings["max_session_age_days"], settings["project_id"]) == (5, 162)
    assert (settings["validate_records"], settings["batch_size_rows"]) == (False, 200)
    secrets = {"client_id", "client_secret", "credentials"}
    names = set(TargetContentsquare.config_jsonschema["properties"])
    assert set(settings) == names - secrets - {"streams"}


def test_it_tells_trouble_over_time(config: Config, run: Runner, path: Path) -> None:
    config["project_id"] = 999
    done = run(config, LINES)
    assert done.exit_code == 1
    report = report_in(path)
    assert report["error"] == done.errors[-1]
    assert report["rows"]["delivered"] == 0


@pytest.mark.parametrize("name", ["report.json", "report.html"])
def test_it_holds_no_secret_and_no_value_of_a_row(
    config: Config, run: Runner, tmp_path: Path, path: Path, name: str
) -> None:
    path = tmp_path / name
    config["report_path"] = str(path)
    config["credentials"] = {"163": {"client_id": "i", "client_secret": "s3cret-163"}}
    run(config, LINES)
    text = path.read_text("utf-8")
    assert "wrong_type" in text
    assert "s3cret" not in text
    assert config["client_secret"] not in text
    assert "batch_size_rows" in text


def test_a_dry_run_writes_none(config: Config, run: Runner, path: Path) -> None:
    run({**config, "dry_run": True}, LINES)
    assert not path.exists()


def test_it_takes_the_place_of_the_last_one_as_a_whole(
    config: Config, run: Runner, path: Path
) -> None:
    path.write_text("the last one")
    run(config, LINES)
    assert report_in(path)["rows"]["read"] == 253
    assert [p.name for p in path.parent.iterdir() if "report" in p.name] == [path.name]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("no-folder/report.json", "can't be written"),
        ("rejected.singer", "is the file of rejected_path"),
        ("input.singer", "is the file that is read"),
        (".", "can't be written"),
    ],
)
def test_it_is_written_over_no_file_of_another_use(  # noqa: PLR0913, PLR0917 - fixtures
    config: Config, run: Runner, tmp_path: Path, path: Path, name: str, message: str
) -> None:
    config["report_path"] = str(tmp_path / name)
    done = run(config, LINES)
    (error,) = done.errors
    assert (done.exit_code, message in error) == (1, True), error
    assert path.name not in [p.name for p in tmp_path.iterdir()]


def test_a_run_does_not_fail_because_of_its_report(
    config: Config, run: Runner, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    done: Run = run(config, LINES)
    assert (done.exit_code, done.states) == (0, [1])
    assert done.warnings[-1].startswith("report_path: can't write")
    assert not path.exists()


def test_a_page_is_for_people(
    config: Config, run: Runner, sandbox: Sandbox, tmp_path: Path, path: Path
) -> None:
    page = path.with_suffix(".html")
    config |= {"report_path": str(page), "streams": {"<b>calls": {}}}
    lines = [line.replace('"calls"', '"<b>calls"') for line in LINES]
    done = run(config, [*MAILS, *lines])
    assert done.exit_code == 0
    text = page.read_text("utf-8")
    assert "1 of 253 rows could not be delivered" in text
    assert "<td>mails</td>" in text
    assert "The settings have no mapping for this stream." in text
    assert "a word where a number should be" in text
    assert "<b>" not in text
    assert "&lt;b&gt;calls" in text
    assert "http://127.0.0.1" in text  # a setting, and no link
    assert "src=" not in text
    assert "href=" not in text
    _ = sandbox, tmp_path
