"""Which session, project and enrichment number a row is for, and what is refused."""

from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

import pytest

from target_contentsquare.errors import UnfitValueError
from target_contentsquare.mapping.columns import Column
from target_contentsquare.mapping.compile import RowMapper, compile_mapping
from target_contentsquare.mapping.fields import FieldType
from target_contentsquare.mapping.identity import (
    split_session_key,
    to_enrichment_number,
    to_project_id,
    to_session_number,
    to_user_id,
)
from target_contentsquare.mapping.row_function import RowFunction
from target_contentsquare.mapping.stream_mapping import StreamMapping

STRING, INT = FieldType.STRING, FieldType.INT
LONG_AGO = datetime(2020, 1, 1, tzinfo=timezone.utc)
NULL_WORDS = ["null", "none", "nil", "nan", "undefined", "n/a", "\\N"]


def reason_for(convert: Callable[[Any], Any], value: Any) -> str:
    with pytest.raises(UnfitValueError) as refused:
        convert(value)
    assert refused.value.field is not None
    return refused.value.reason


@pytest.mark.parametrize(
    ("value", "user_id"),
    [
        ("ae267-6g87D-88Nn6od", "ae267-6g87D-88Nn6od"),
        ("  aaa", "aaa"),
        ("aaa \t\n", "aaa"),
        ("\xa0aaa\u3000", "aaa"),
        ("\ufeffaaa", "aaa"),
        ("\u200b aaa\u200b", "aaa"),
        ("é", "é"),
        ("a b", "a b"),
        ("12.0", "12.0"),
        (7, "7"),
        (-7, "-7"),
        (2**70, str(2**70)),
        (12.0, "12"),
        (-0.0, "0"),
        (2.0**53, str(2**53)),
        # Ids that only look like a word or a number.
        ("nullable", "nullable"),
        ("None-1", "None-1"),
        ("12e", "12e"),
        ("e12", "e12"),
        ("1e2f", "1e2f"),
        ("123e4567", "123e4567"),
        ("1e2-3e4", "1e2-3e4"),
    ],
)
def test_a_user_id_is_trimmed_text_or_an_integer(value: Any, user_id: str) -> None:
    assert to_user_id(value) == user_id


@pytest.mark.parametrize(
    "value",
    [None, "", "  ", "\xa0", "\u200b", "\ufeff ", True, 1.5, [], {}, 10**400, "\ud800"],
)
def test_a_user_id_that_is_not_there(value: Any) -> None:
    assert reason_for(to_user_id, value) == "missing_user_id"


@pytest.mark.parametrize(
    "value",
    [
        *NULL_WORDS,
        *map(str.upper, NULL_WORDS),
        *map(str.title, NULL_WORDS),
        " NULL ",
        "1.23457E+15",
        "1.2e+15",
        "1E15",
        "-1,23457E+15",
        ".5e3",
        1e300,
        2.0**53 + 2,
    ],
)
def test_a_user_id_that_is_a_word_for_null_or_what_is_left_of_a_number(
    value: Any,
) -> None:
    assert reason_for(to_user_id, value) == "invalid_user_id"


@pytest.mark.parametrize("value", [2, 2.0, "2", "2.0", " 2 ", "+2", "20e-1"])
@pytest.mark.parametrize(
    "convert", [to_session_number, to_enrichment_number, to_project_id]
)
def test_numbers_are_integers_integral_numbers_or_their_text(
    convert: Callable[[Any], int], value: Any
) -> None:
    number = convert(value)
    assert (number, type(number)) == (2, int)


@pytest.mark.parametrize(
    "value", [None, "", " ", 0, -1, 2.5, "2.5", "two", True, [], 2**63, "NULL"]
)
@pytest.mark.parametrize(
    ("convert", "reason"),
    [
        (to_session_number, "invalid_session_number"),
        (to_enrichment_number, "invalid_enrichment_number"),
        (to_project_id, "invalid_project_id"),
    ],
)
def test_numbers_that_are_none(
    convert: Callable[[Any], int], reason: str, value: Any
) -> None:
    assert reason_for(convert, value) == reason


def test_a_session_key_is_trimmed_and_cut_at_its_last_dot() -> None:
    assert split_session_key(" aaa-b.5\n") == ("aaa-b", 5)
    assert split_session_key("x.y.007") == ("x.y", 7)


@pytest.mark.parametrize(
    "value",
    ["", "aaa", "aaa.", ".5", "aaa.x", "aaa.0", "null.5", "1.2E+15.5", 1.5, None],
)
def test_what_is_no_session_key(value: Any) -> None:
    assert reason_for(split_session_key, value) == "invalid_session_key"


def compiled(*columns: Column, **settings: Any) -> RowMapper:
    session = Column("session_number", INT, typed=True)
    count = Column("count", INT, typed=True)
    mapping = StreamMapping("streams.calls", fields={"n": "count"}, **settings)
    return compile_mapping("calls", [*columns, session, count], mapping)


def text(name: str) -> Column:
    return Column(name, STRING, typed=True)


@pytest.mark.parametrize("user_id", [" aaa ", "NULL", "1.2E+15", "  ", "\ufeffaaa"])
def test_the_typed_path_agrees_on_user_ids(user_id: str) -> None:
    mapper = compiled(text("user_id"))
    row = [user_id, 5, 1]
    assert outcome_of(mapper.enrich_typed, row) == outcome_of(mapper.enrich, row)


def outcome_of(enrich: RowFunction, row: list[Any]) -> Any:
    try:
        return enrich(row, LONG_AGO)[0]
    except UnfitValueError as error:
        return error.faults


def test_a_stream_with_integers_for_user_ids_is_warned_about() -> None:
    (warning,) = compiled(Column("user_id", INT, typed=True)).warnings
    assert "streams.calls.user_id" in warning
    assert "never the user id of Contentsquare's tag" in warning
    assert "map user_id to it" in warning


@pytest.mark.parametrize("column", [text("user_id"), Column("user_id", INT, True)])  # noqa: FBT003 - typed
def test_contentsquares_own_export_is_warned_about(column: Column) -> None:
    (warning,) = compiled(column, text("user_id_unhashed")).warnings
    assert warning.endswith("map user_id to 'user_id_unhashed'")


def test_the_unhashed_user_id_needs_no_warning() -> None:
    columns = (Column("user_id", INT, typed=True), text("user_id_unhashed"))
    assert compiled(*columns, user_id="user_id_unhashed").warnings == ()
    keyed = compiled(*columns, text("key"), session_key="key")
    assert keyed.warnings == ()


@pytest.mark.parametrize("number", ["1", "2", "3"])
def test_an_enrichment_number_may_come_as_text(number: str) -> None:
    mapper = compiled(text("user_id"), enrichment_number=number)
    assert mapper.enrich(["a", 5, 1], LONG_AGO)[0] == (None, "a", 5, int(number))


def test_a_column_of_that_name_comes_first() -> None:
    mapper = compiled(text("user_id"), text("2"), enrichment_number="2")
    assert [column.name for column in mapper.columns][2] == "2"
    assert mapper.enrich(["a", 5, "3", 1], LONG_AGO)[0] == (None, "a", 5, 3)
