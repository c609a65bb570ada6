"""The function that a mapping becomes: what it returns, and in which order it looks."""

from datetime import datetime, timezone
from typing import Any

import msgspec
import pytest

from target_contentsquare.errors import UnfitValueError
from target_contentsquare.mapping.fields import to_int, to_string
from target_contentsquare.mapping.identity import split_session_key, to_user_id
from target_contentsquare.mapping.row_function import (
    Cell,
    FieldCell,
    RowPlan,
    write_row_function,
)
from target_contentsquare.mapping.session_age import latest_start

LONG_AGO = datetime(2020, 1, 1, tzinfo=timezone.utc)
SESSION = (Cell(0, to_user_id), Cell(1, None))
FIELDS = (FieldCell("name", 2, to_string, True), FieldCell("count", 3, to_int, True))  # noqa: FBT003 - optional


def plan(**changes: Any) -> RowPlan:
    values: dict[str, Any] = {
        "width": 4,
        "session": SESSION,
        "started_at": None,
        "number": 1,
        "project": None,
        "fields": FIELDS,
        **changes,
    }
    return RowPlan(**values)


def sent(outcome: Any) -> Any:
    return msgspec.to_builtins(outcome[1])


def test_a_row_becomes_its_key_and_its_enrichment() -> None:
    outcome = write_row_function(plan())(["u", 5, "x", "7"], LONG_AGO)
    assert outcome[0] == (None, "u", 5, 1)
    assert sent(outcome) == {
        "userId": "u",
        "sessionNumber": 5,
        "enrichmentNumber": 1,
        "enrichment": {"name": "x", "count": 7},
    }


def test_what_is_null_is_left_out() -> None:
    outcome = write_row_function(plan())(["u", 5, None, 7], LONG_AGO)
    assert sent(outcome)["enrichment"] == {"count": 7}


def test_a_row_with_no_values_is_dropped() -> None:
    row = ["u", 5, None, None]
    assert write_row_function(plan())(row, LONG_AGO) == "no_enrichment_fields"


def test_a_session_that_is_too_old_is_dropped_before_anything_else_is_looked_at() -> (
    None
):
    enrich = write_row_function(plan(width=5, started_at=Cell(4, latest_start)))
    oldest = datetime(2026, 11, 20, 12, tzinfo=timezone.utc)
    assert enrich([None, None, [], [], "2026-11-20T11:59"], oldest) == "session_too_old"
    for start in ("2026-11-20T12:00", None, ""):
        assert isinstance(enrich(["u", 1, "x", 1, start], oldest), tuple)


def test_number_and_project_of_the_row() -> None:
    enrich = write_row_function(
        plan(width=6, number=Cell(4, int), project=Cell(5, int))
    )
    assert enrich(["u", 5, "x", 7, "2", "163"], LONG_AGO)[0] == (163, "u", 5, 2)


def test_a_session_key_holds_both_parts() -> None:
    enrich = write_row_function(
        plan(width=4, session=(Cell(0, split_session_key),), number=3, project=162)
    )
    assert enrich(["u.5", 0, "x", 7], LONG_AGO)[0] == (162, "u", 5, 3)


@pytest.mark.parametrize(
    ("row", "field"), [(["x" * 51, 7], "name"), (["x", []], "count")]
)
def test_an_unfit_value_names_its_field(row: list[Any], field: str) -> None:
    with pytest.raises(UnfitValueError) as refused:
        write_row_function(plan())(["u", 5, *row], LONG_AGO)
    assert refused.value.field == field


def test_a_field_that_has_to_be_there() -> None:
    fields = (FIELDS[0], FieldCell("count", 3, to_int, optional=False))
    enrich = write_row_function(plan(fields=fields))
    with pytest.raises(UnfitValueError) as refused:
        enrich(["u", 5, "x", None], LONG_AGO)
    assert (refused.value.reason, refused.value.field) == ("missing_field", "count")


@pytest.mark.parametrize("name", ["a b", "class", "é", "__init__", "import os", "{0}"])
def test_no_name_becomes_code(name: str) -> None:
    fields = (FieldCell(name, 2, None, optional=False),)
    outcome = write_row_function(plan(width=3, fields=fields))(["u", 5, "x"], LONG_AGO)
    assert sent(outcome)["enrichment"] == {name: "x"}
