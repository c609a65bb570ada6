"""`--propose-schema` reads the rows: a CSV file has nothing but texts."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from tests.runs import Config, Run, Runner
from tests.singer_input import record, schema, stream_of

TEXT = {"type": ["string", "null"]}
IDENTITY: dict[str, Any] = {"user_id": TEXT, "session_number": TEXT}


def columns(*names: str) -> dict[str, Any]:
    return IDENTITY | dict.fromkeys(names, TEXT)


def row(**values: object) -> dict[str, object]:
    return {"user_id": "aaa", "session_number": "5", **values}


def proposed(done: Run) -> dict[str, Any]:
    assert done.exit_code == 0, done.printed
    return {item.pop("name"): item for item in json.loads(done.stdout)["fields"]}


@pytest.fixture
def propose(config: Config, run: Runner) -> Any:
    def propose(lines: list[str], **settings: object) -> Run:
        return run(config | settings, lines, propose_schema=True)

    return propose


def test_texts_get_the_types_of_what_they_hold(propose: Any) -> None:
    names = ("seconds", "rating", "answered", "called_at", "center")
    values = [
        ("42", "4.5", "true", "2026-11-24T09:20:00+01:00", "RENNES"),
        ("7", "5", "false", "2026-11-23", "7"),
    ]
    rows = [row(**dict(zip(names, each, strict=True))) for each in values]
    fields = proposed(propose(stream_of(rows, columns(*names))))
    assert {name: field["type"] for name, field in fields.items()} == {
        "seconds": "INT",
        "rating": "FLOAT",
        "answered": "BOOL",
        "called_at": "DATETIME",
        "center": "STRING",
    }


def test_what_is_missing_in_a_row_is_optional(propose: Any) -> None:
    names = ("always", "blank", "null", "absent")
    rows = [
        row(always="1", blank="1", null="1", absent="1"),
        row(always="2", blank=" ", null=None),
    ]
    done = propose(stream_of(rows, columns(*names)))
    fields = proposed(done)
    assert [fields[name]["optional"] for name in names] == [False, True, True, True]
    assert any("'always'" in text and "not optional" in text for text in done.warnings)


def test_texts_that_are_too_long_are_counted_and_not_shown(propose: Any) -> None:
    rows = [row(center="RENNES"), row(center="x" * 51), row(center="é" * 40)]
    done = propose(stream_of(rows, columns("center")))
    (text,) = [text for text in done.warnings if "50 bytes" in text]
    assert "2 of 3 texts" in text
    assert "longest 80" in text
    assert "xxx" not in done.printed


def test_a_few_values_that_spoil_a_type_are_told(propose: Any) -> None:
    rows = [row(seconds=str(n)) for n in range(30)] + [row(seconds="unknown")]
    done = propose(stream_of(rows, columns("seconds")))
    assert proposed(done)["seconds"]["type"] == "STRING"
    (text,) = [text for text in done.warnings if "not INT" in text]
    assert "'seconds'" in text
    assert "1 of 31" in text


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (("968,63", "1.469,06 €", "1,234.50"), "numbers with a comma"),
        (("24.11.2026 08:50", "4/1/26"), "dates that do not begin with the year"),
        (("ja", "Nein", "sí", "no"), "yes and no in a language other than English"),
    ],
)
def test_texts_in_the_form_of_one_country_are_told_of(
    propose: Any, values: tuple[str, ...], words: str
) -> None:
    done = propose(stream_of([row(a=value) for value in values], columns("a")))
    assert proposed(done)["a"]["type"] == "STRING"
    (text,) = [text for text in done.warnings if "stream_maps" in text]
    assert f"{len(values)} of {len(values)} texts are {words}" in text
    assert values[0] not in done.printed


def test_a_telephone_number_or_an_address_is_no_number(propose: Any) -> None:
    values = ("+49 711 90122", "0711/90122", "Königstr. 4, Ulm", "192.168.0.1")
    done = propose(stream_of([row(a=value) for value in values], columns("a")))
    assert not any("stream_maps" in text for text in done.warnings)


def test_zeros_and_ones_are_told_of(propose: Any) -> None:
    done = propose(
        stream_of([row(answered="0"), row(answered="1")], columns("answered"))
    )
    assert proposed(done)["answered"]["type"] == "INT"
    assert any("BOOL" in text for text in done.warnings)


def test_of_too_many_fields_it_says_which_to_leave_out(propose: Any) -> None:
    names = [f"text{n}" for n in range(10)]
    rows = [
        row(**dict.fromkeys(names, "ab"[n % 2]), note="", call_id=f"c{n}", source="x")
        for n in range(4)
    ]
    done = propose(stream_of(rows, columns(*names, "note", "call_id", "source")))
    assert (done.exit_code, done.stdout) == (1, "")
    (error,) = done.errors
    assert "13 fields of type STRING, at most 10" in error
    _, _, advice = error.partition("leave out first: ")
    assert advice.split(", '") == [
        "'note' (always empty)",
        "source' (always the same)",
        "call_id' (different in every row, as an identifier is)",
    ]


def test_40_columns_of_text_are_no_error_if_their_values_are_of_other_types(
    propose: Any,
) -> None:
    names = [f"c{n}" for n in range(20)]
    values = {name: "1" if n < 10 else "1.5" for n, name in enumerate(names)}
    fields = proposed(propose(stream_of([row(**values)], columns(*names))))
    assert len(fields) == 20


def test_rows_go_through_stream_maps_first(propose: Any) -> None:
    maps = {"calls": {"minutes": "str(int(seconds) / 60)", "__filter__": "keep == 'y'"}}
    rows = [row(seconds="90", keep="y"), row(seconds="30", keep="n")]
    done = propose(
        stream_of(rows, columns("seconds", "keep")),
        stream_maps=maps,
        streams={"calls": {"fields": {"minutes": "minutes", "seconds": "seconds"}}},
    )
    fields = proposed(done)
    assert fields["minutes"]["type"] == "FLOAT"
    assert any("1 rows" in text for text in done.logged("INFO"))


def test_rows_of_batch_files_count(propose: Any, tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl.gz"
    path.write_bytes(gzip.compress(json.dumps(row(seconds="42")).encode()))
    message = {
        "type": "BATCH",
        "stream": "calls",
        "encoding": {"format": "jsonl", "compression": "gzip"},
        "manifest": [f"file://{path}"],
    }
    done = propose([schema(properties=columns("seconds")), json.dumps(message)])
    assert proposed(done)["seconds"]["type"] == "INT"


def test_a_schema_that_is_repeated_between_rows_changes_nothing(propose: Any) -> None:
    line = schema(properties=columns("seconds"))
    rows = [record(row(seconds=text)) for text in ("1", "2")]
    done = propose([line, rows[0], line, rows[1]])
    assert proposed(done)["seconds"]["optional"] is False


def test_rows_of_streams_without_a_mapping_are_not_looked_at(propose: Any) -> None:
    lines = stream_of([row(seconds="1")], columns("seconds"))
    other = [schema("other", columns("a")), record({"a": {}}, "other")]
    assert set(proposed(propose([*lines, *other], streams={"calls": {}}))) == {
        "seconds"
    }
