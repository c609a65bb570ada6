"""Names that end a line, steer a terminal, or have no bytes in UTF-8: JSON has them."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.runs import Config, Run, Runner
from tests.singer_input import state

_LOG_LINE = re.compile(r"[-\d]{10} [\d:,]{12} \| [A-Z]+ +\| \S+ +\| ")
_ODD = {
    "half of a surrogate pair": "\ud800",
    "a line of its own": "\n2026-01-01 00:00:00,000 | ERROR    | x | forged",
    "another way to end a line": "\u2028",
    "colours of a terminal": "\x1b[31m",
    "null": "\0",
    "from right to left": "\u202e",
}


def _lines(odd: str) -> list[str]:
    texts = ("user_id", f"key{odd}", f"x{odd}")
    properties: dict[str, Any] = {name: {"type": "string"} for name in texts}
    properties[f"x{odd}"] |= {"title": odd, "description": odd}
    properties["session_number"] = {"type": "integer"}
    schema = {
        "type": "SCHEMA",
        "stream": f"s{odd}",
        "key_properties": [f"key{odd}"],
        "schema": {"type": "object", "properties": properties},
    }
    row = {"session_number": 1, f"key{odd}": "k", f"x{odd}": "v"}
    records = [
        {"type": "RECORD", "stream": f"s{odd}", "record": {**row, "user_id": user_id}}
        for user_id in ("u", "", f"u{odd}")
    ]
    return [*map(json.dumps, (schema, *records)), state({odd: odd})]


def _assert_one_line_each(done: Run) -> None:
    lines = done.stderr.split("\n")
    assert lines.pop() == ""
    assert [line for line in lines if not _LOG_LINE.match(line)] == []
    assert [line for line in lines if not line.isprintable()] == []
    assert "defect" not in done.stderr
    assert len(done.errors) == done.exit_code


@pytest.mark.parametrize("odd", _ODD.values(), ids=_ODD)
@pytest.mark.parametrize("report", ["report.html", "report.json"])
def test_a_run_tells_each_thing_in_one_line(
    config: Config, command: Runner, tmp_path: Path, odd: str, report: str
) -> None:
    config["streams"] = {f"s{odd}": {"fields": {"f": f"x{odd}"}}, f"none{odd}": {}}
    config |= {"report_path": report, "rejected_path": "rejected.singer"}
    done = command(config, _lines(odd))
    _assert_one_line_each(done)
    assert done.states == [{odd: odd}]
    assert (tmp_path / report).read_text(encoding="utf-8")
    assert len(done.warnings) > 3, done.stderr


@pytest.mark.parametrize("odd", _ODD.values(), ids=_ODD)
@pytest.mark.parametrize(
    "changes",
    [
        {"streams": {"*": {}}},
        {"streams": {"z\ud800": {}}},
        {"streams": {"*": {"fields": {"f": "y\ud800\n"}}}},
        {"streams": {"*": {}}, "stream_maps": {"s\ud800": {"x\ud800": None}}},
        {"streams": {"*": {}}, "stream_maps": {"\n": {"\ud800": None}}},
        {"rejected_path": "no/folder/\udcff\n"},
        {"report_path": "no/folder/\udcff\n"},
        {"memory_path": "no/folder/\udcff\n"},
    ],
)
def test_a_mistake_in_the_config_is_told_in_one_line(
    config: Config, run: Runner, odd: str, changes: dict[str, Any]
) -> None:
    for propose in (False, True):
        done = run(config | changes, _lines(odd), propose_schema=propose)
        _assert_one_line_each(done)


@pytest.mark.parametrize("odd", _ODD.values(), ids=_ODD)
def test_a_proposal_is_json_in_utf8(config: Config, command: Runner, odd: str) -> None:
    config["streams"] = {f"s{odd}": {"fields": {"f": f"x{odd}"}}}
    done = command(config, _lines(odd), "--propose-schema")
    _assert_one_line_each(done)
    (field,) = json.loads(done.stdout)["fields"]
    assert (field["name"], field["type"]) == ("f", "STRING")


def test_a_config_file_that_is_not_there_is_told_in_one_line(command: Runner) -> None:
    done = command({}, [], "--config", "no\n\udcff.json")
    _assert_one_line_each(done)
    assert done.exit_code == 1
