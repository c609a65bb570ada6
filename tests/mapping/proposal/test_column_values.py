"""The type that a column's values have in common."""

from typing import Any

import pytest

from target_contentsquare.mapping.fields import FieldType
from target_contentsquare.mapping.proposal.column_values import (
    MAX_DIFFERENT,
    ColumnValues,
    type_of,
)


def seen(*values: Any, stated: FieldType | None = FieldType.STRING) -> ColumnValues:
    counted = ColumnValues(stated)
    for value in values:
        counted.take(value)
    return counted


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("42", FieldType.INT),
        ("-42", FieldType.INT),
        ("4.5", FieldType.FLOAT),
        ("1e3", FieldType.FLOAT),
        ("true", FieldType.BOOL),
        ("N", FieldType.BOOL),
        ("2026-11-24", FieldType.DATETIME),
        ("2026-11-24 20:02:22+01:00", FieldType.DATETIME),
        ("RENNES", FieldType.STRING),
        (42, FieldType.INT),
        (4.0, FieldType.FLOAT),
        (True, FieldType.BOOL),
        ({"a": 1}, FieldType.STRING),
    ],
)
def test_a_value_is_of_the_narrowest_type_that_it_fits(
    value: Any, expected: FieldType
) -> None:
    assert type_of(value) is expected


@pytest.mark.parametrize("text", ["02139", "+33612345678", "7" * 17])
def test_digits_that_a_number_would_lose_stay_a_text(text: str) -> None:
    assert type_of(text) is FieldType.STRING


def test_integers_beyond_int_are_floats_that_keep_all_digits() -> None:
    assert type_of("7777777777") is FieldType.FLOAT


@pytest.mark.parametrize(
    "text", ["24/11/2026", "20261124T", "2026-13-01", "2026-11-24+01:00", "24 Nov 2026"]
)
def test_what_is_no_time_of_the_grammar_is_a_text(text: str) -> None:
    assert type_of(text) is FieldType.STRING


def test_the_type_of_a_column_has_room_for_all_values() -> None:
    assert seen("1", "2", "").type is FieldType.INT
    assert seen("1", "2.5").type is FieldType.FLOAT
    assert seen("1", "many").type is FieldType.STRING
    assert seen("1", "0", "yes").type is FieldType.BOOL
    assert seen("1", "2", "yes").type is FieldType.STRING
    assert seen("2026-11-24", "42").type is FieldType.STRING


def test_zeros_and_ones_are_integers() -> None:
    assert seen("0", "1", "1").type is FieldType.INT
    assert seen("0", "1", "1").bits == 3


def test_a_stated_type_stays_as_long_as_every_value_fits_it() -> None:
    assert seen(1, 2, stated=FieldType.FLOAT).type is FieldType.FLOAT
    assert seen(1_795_550_542, stated=FieldType.DATETIME).type is FieldType.DATETIME
    assert seen(1, 2**31, stated=FieldType.INT).type is FieldType.FLOAT
    assert seen("a", stated=FieldType.BOOL).type is FieldType.STRING


def test_no_value_has_no_type() -> None:
    empty = seen(None, " ", "")
    assert (empty.type, empty.rows, empty.filled) == (None, 3, 0)
    assert empty.is_always_missing


def test_texts_over_50_bytes_are_counted() -> None:
    counted = seen("a" * 50, "é" * 26, " " * 80)
    assert (counted.too_long, counted.longest) == (1, 52)


def test_memory_does_not_grow_with_the_number_of_different_values() -> None:
    counted = seen(*range(MAX_DIFFERENT + 100))
    assert counted.is_different_in_every_row
    assert not seen(1, 2, 2).is_different_in_every_row
    assert seen("a", "a").is_constant
