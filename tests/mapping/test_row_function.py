"""The function that a mapping becomes: what it returns, and in which order it looks."""

import gc
import linecache
import traceback
from datetime import datetime, timezone
from textwrap import dedent
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from target_contentsquare.errors import Fault, UnfitValueError
from target_contentsquare.mapping import row_function
from target_contentsquare.mapping.fields import (
    FieldType,
    to_int,
    to_string,
    to_truncated_string,
    to_whole_second,
)
from target_contentsquare.mapping.identity import (
    FIT_USER_ID,
    split_session_key,
    to_enrichment_number,
    to_project_id,
    to_session_number,
    to_user_id,
)
from target_contentsquare.mapping.row_function import (
    Cell,
    RowFunction,
    RowPlan,
    compile_row_function,
    write_row_function,
)
from target_contentsquare.mapping.session_age import latest_start

LONG_AGO = datetime(2020, 1, 1, tzinfo=timezone.utc)
SESSION = (Cell("user_id", 0, to_user_id), Cell("session_number", 1, None))
FIELDS = (Cell("name", 2, to_string), Cell("count", 3, to_int))


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


def enrich_of(**changes: Any) -> RowFunction:
    return compile_row_function(plan(**changes), "calls")


def sent(outcome: Any) -> Any:
    return msgspec.to_builtins(outcome[1])


def test_a_row_becomes_its_key_and_its_enrichment() -> None:
    outcome = enrich_of()(["u", 5, "x", "7"], LONG_AGO)
    assert outcome[0] == (None, "u", 5, 1)
    assert sent(outcome) == {
        "userId": "u",
        "sessionNumber": 5,
        "enrichmentNumber": 1,
        "enrichment": {"name": "x", "count": 7},
    }


def test_what_is_null_is_left_out() -> None:
    outcome = enrich_of()(["u", 5, None, 7], LONG_AGO)
    assert sent(outcome)["enrichment"] == {"count": 7}


def test_a_row_with_no_values_is_dropped() -> None:
    row = ["u", 5, None, None]
    assert enrich_of()(row, LONG_AGO) == "no_enrichment_fields"


def test_a_session_that_is_too_old_is_dropped_before_anything_else_is_looked_at() -> (
    None
):
    enrich = enrich_of(width=5, started_at=Cell("session_started_at", 4, latest_start))
    oldest = datetime(2026, 11, 20, 12, tzinfo=timezone.utc)
    assert enrich([None, None, [], [], "2026-11-20T11:59"], oldest) == "session_too_old"
    for start in ("2026-11-20T12:00", None, ""):
        assert isinstance(enrich(["u", 1, "x", 1, start], oldest), tuple)


def test_number_and_project_of_the_row() -> None:
    enrich = enrich_of(
        width=6,
        number=Cell("enrichment_number", 4, int),
        project=Cell("project_id", 5, int),
    )
    assert enrich(["u", 5, "x", 7, "2", "163"], LONG_AGO)[0] == (163, "u", 5, 2)


def test_a_session_key_holds_both_parts() -> None:
    enrich = enrich_of(
        width=4,
        session=(Cell("session_key", 0, split_session_key),),
        number=3,
        project=162,
    )
    assert enrich(["u.5", 0, "x", 7], LONG_AGO)[0] == (162, "u", 5, 3)


@pytest.mark.parametrize(
    ("row", "field"), [(["x" * 51, 7], "name"), (["x", []], "count")]
)
def test_an_unfit_value_names_its_field(row: list[Any], field: str) -> None:
    with pytest.raises(UnfitValueError) as refused:
        enrich_of()(["u", 5, *row], LONG_AGO)
    assert refused.value.field == field


def test_a_field_that_has_to_be_there() -> None:
    fields = (FIELDS[0], Cell("count", 3, to_int, required=True))
    enrich = enrich_of(fields=fields)
    with pytest.raises(UnfitValueError) as refused:
        enrich(["u", 5, "x", None], LONG_AGO)
    assert (refused.value.reason, refused.value.field) == ("missing_field", "count")


@pytest.mark.parametrize("name", ["a b", "class", "é", "__init__", "import os", "{0}"])
def test_no_name_becomes_code(name: str) -> None:
    fields = (Cell(name, 2, None, required=True),)
    outcome = enrich_of(width=3, fields=fields)(["u", 5, "x"], LONG_AGO)
    assert sent(outcome)["enrichment"] == {name: "x"}


def test_the_docstring_shows_the_function_as_it_is_written() -> None:
    example = plan(
        width=5,
        session=(
            Cell("user_id", 0, to_user_id),
            Cell("session_number", 1, to_session_number),
        ),
        started_at=Cell("session_started_at", 2, latest_start),
        project=162,
        fields=(
            Cell("center", 3, to_string, required=True),
            Cell("duration", 4, to_int),
        ),
    )
    assert row_function.__doc__ is not None
    _, _, shown = row_function.__doc__.partition("is:\n\n")
    shown, _, _ = shown.partition("\n\nWhere a decoder")
    assert dedent(shown) + "\n" == write_row_function(example)


def test_a_value_that_is_fit_is_not_converted() -> None:
    def shout(value: str) -> str:
        return value.upper()

    fields = (Cell("name", 2, shout, is_fit="len({0}) < 3"), FIELDS[1])
    enrich = enrich_of(fields=fields)
    for value, expected in {"ab": "ab", "abc": "ABC"}.items():
        outcome = enrich(["u", 5, value, 7], LONG_AGO)
        assert sent(outcome)["enrichment"]["name"] == expected


@given(st.text())
def test_text_that_is_fit_is_what_the_converter_makes_of_it(text: str) -> None:
    if eval(FieldType.STRING.is_fit.format("text")):  # noqa: S307 - ours
        assert to_string(text) == text
        assert to_truncated_string(text) == text


@pytest.mark.parametrize(
    ("text", "is_fit"),
    [
        ("ae267-6g87D-88Nn6od", True),
        ("4512-88341", True),
        ("0000000000e", False),
        ("undefined", False),
        ("12345678901E+15", False),
        (" ae267-6g87D", False),
        ("ae267-6g87D\u200b", False),
    ],
)
def test_which_user_ids_need_no_look(text: str, is_fit: bool) -> None:  # noqa: FBT001
    assert eval(FIT_USER_ID.format("text"), {"text": text}) is is_fit  # noqa: S307


@given(
    st.text(min_size=1, max_size=20)
    | st.from_regex(r"\s?[+-]?\d{1,12}([.,]\d*)?[eE][+-]?\d{1,4}\s?", fullmatch=True)
)
@example("undefined")
def test_a_user_id_that_is_fit_is_what_its_converter_makes_of_it(text: str) -> None:
    if eval(FIT_USER_ID.format("text")):  # noqa: S307 - ours
        assert to_user_id(text) == text


@given(st.datetimes(timezones=st.just(timezone.utc)))
def test_a_moment_that_is_fit_is_what_the_converter_makes_of_it(
    moment: datetime,
) -> None:
    known = {"utc": timezone.utc, "moment": moment}
    is_fit = eval(FieldType.DATETIME.is_fit.format("moment"), known)  # noqa: S307 - ours
    assert is_fit == (to_whole_second(moment) is moment)


def test_all_faults_of_a_row_are_told_in_order() -> None:
    enrich = enrich_of(
        width=8,
        session=(SESSION[0], Cell("session_number", 1, to_session_number)),
        started_at=Cell("session_started_at", 4, latest_start),
        number=Cell("enrichment_number", 5, to_enrichment_number),
        project=Cell("project_id", 6, to_project_id),
        fields=(*FIELDS, Cell("must", 7, to_int, required=True)),
    )
    row = ["", "x", "x" * 51, [], "yesterday", 4, -1, None]
    with pytest.raises(UnfitValueError) as refused:
        enrich(row, LONG_AGO)
    faults = refused.value.faults
    assert [(fault.reason, fault.field) for fault in faults] == [
        ("invalid_session_started_at", "session_started_at"),
        ("missing_user_id", "user_id"),
        ("invalid_session_number", "session_number"),
        ("invalid_enrichment_number", "enrichment_number"),
        ("invalid_project_id", "project_id"),
        ("string_too_long", "name"),
        ("wrong_type", "count"),
        ("missing_field", "must"),
    ]
    error = refused.value
    assert Fault(error.reason, error.field, error.detail) == faults[0]
    assert all(fault.detail for fault in faults)


def test_a_traceback_shows_the_line_of_the_function() -> None:
    def fail(_: object) -> None:
        raise ZeroDivisionError

    enrich = enrich_of(fields=(Cell("name", 2, fail), FIELDS[1]))
    with pytest.raises(ZeroDivisionError) as raised:
        enrich(["u", 5, "x", 7], LONG_AGO)
    shown = "".join(traceback.format_exception(raised.value))
    assert "row function of stream 'calls'" in shown
    assert "field_0 = None if value_2 is None else convert_0(value_2)" in shown


def test_the_sources_of_functions_are_told_apart_and_go_with_them() -> None:
    first, second = enrich_of(), enrich_of()
    names = [enrich.__code__.co_filename for enrich in (first, second)]
    assert len(set(names)) == 2
    assert all(name in linecache.cache for name in names)
    del first, second
    gc.collect()
    assert not any(name in linecache.cache for name in names)


def test_no_converter_of_a_field_meets_null() -> None:
    enrich = enrich_of(fields=(Cell("name", 2, len), FIELDS[1]))
    with pytest.raises(UnfitValueError) as refused:
        enrich(["u", 5, None, []], LONG_AGO)
    assert [fault.field for fault in refused.value.faults] == ["count"]
