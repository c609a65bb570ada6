"""What a value becomes, and why it can't."""

import json
import math
from typing import Any

import msgspec
import pytest

from target_contentsquare.errors import UnfitValueError
from target_contentsquare.mapping.fields import FieldType, to_scalar

STRING, INT, FLOAT, BOOL, DATETIME = FieldType
ALL_TYPES = tuple(FieldType)
HALF_A_PAIR = "\ud800"
EXACT = 2**53 + 1


def convert(field_type: FieldType, value: Any, **options: bool) -> Any:
    return field_type.converter(**options)(value)


def reason_for(field_type: FieldType, value: Any) -> str:
    with pytest.raises(UnfitValueError) as refused:
        convert(field_type, value)
    return refused.value.reason


@pytest.mark.parametrize("field_type", ALL_TYPES)
def test_null_leaves_the_field_out(field_type: FieldType) -> None:
    assert convert(field_type, None) is None


@pytest.mark.parametrize("text", ["", " ", "\t\r\n", "\xa0", "\u3000 "])
@pytest.mark.parametrize("field_type", [INT, FLOAT, BOOL, DATETIME])
def test_blank_text_means_null_but_for_a_string(
    field_type: FieldType, text: str
) -> None:
    assert convert(field_type, text) is None
    assert convert(STRING, text) == ""
    assert convert(STRING, text, truncate_strings=True) == ""


@pytest.mark.parametrize("word", ["NULL", "None", "\\N", "N/A", "NaN", "undefined"])
@pytest.mark.parametrize("field_type", [INT, FLOAT, BOOL, DATETIME])
def test_a_word_for_null_is_no_null(field_type: FieldType, word: str) -> None:
    reason = "invalid_datetime" if field_type is DATETIME else "wrong_type"
    assert reason_for(field_type, word) == reason
    assert convert(STRING, word) == word


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        ("RENNES", "RENNES"),
        (" as it is\t\n", "as it is"),
        (" " * 30 + "x" * 50 + " " * 30, "x" * 50),
        (7, "7"),
        (-0.5, "-0.5"),
        (4.0, "4.0"),
        (1e300, "1e+300"),
        (True, "true"),
        (False, "false"),
        (EXACT, "9007199254740993"),
        ("x" * 50, "x" * 50),
        ("é" * 25, "é" * 25),
        ("\u0000", "\u0000"),
    ],
)
def test_string_takes_any_scalar_in_its_json_text(value: Any, sent: str) -> None:
    assert convert(STRING, value) == sent


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("x" * 51, "string_too_long"),
        ("é" * 25 + "x", "string_too_long"),
        ("😀" * 13, "string_too_long"),
        (10**50, "string_too_long"),
        ([], "wrong_type"),
        ({}, "wrong_type"),
        (HALF_A_PAIR, "wrong_type"),
        (math.nan, "wrong_type"),
        (math.inf, "wrong_type"),
    ],
)
def test_a_string_over_50_bytes_or_not_a_scalar(value: Any, reason: str) -> None:
    assert reason_for(STRING, value) == reason


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        ("x" * 51, "x" * 50),
        ("x" * 49 + "é", "x" * 49),
        ("x" * 49 + "€", "x" * 49),
        ("x" * 47 + "😀", "x" * 47),
        ("x" * 46 + "😀!", "x" * 46 + "😀"),
        ("😀" * 13, "😀" * 12),
        ("short", "short"),
        ("x" * 49 + "  y", "x" * 49),
        ("  " + "x" * 51, "x" * 50),
    ],
)
def test_truncating_never_cuts_a_character_in_two(value: str, sent: str) -> None:
    assert convert(STRING, value, truncate_strings=True) == sent


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        (7, 7),
        (-(2**31), -(2**31)),
        (2**31 - 1, 2**31 - 1),
        (7.0, 7),
        (-0.0, 0),
        ("7", 7),
        ("+7", 7),
        ("-7", -7),
        (" 7 ", 7),
        ("007", 7),
        ("7.0", 7),
        ("7.", 7),
        ("70e-1", 7),
        ("7E2", 700),
        ("2147483647.000", 2147483647),
    ],
)
def test_int_takes_integral_numbers_and_their_text(value: Any, sent: int) -> None:
    converted = convert(INT, value)
    assert (converted, type(converted)) == (sent, int)


@pytest.mark.parametrize(
    "value",
    [
        7.5,
        "7.5",
        "seven",
        "0x7",
        "7_000",
        "7,000",
        "\u0667",
        "½",
        [7],
        {},
        True,
        False,
        "1e",
        ".",
        "-",
        "7 7",
        "NaN",
        "Infinity",
        "1" * 500,
        "true",
        HALF_A_PAIR,
    ],
)
def test_what_is_no_int(value: Any) -> None:
    assert reason_for(INT, value) in {"wrong_type", "int_out_of_range"}
    assert reason_for(INT, value) == "wrong_type" or value == "1" * 500


@pytest.mark.parametrize(
    "value",
    [
        2**31,
        -(2**31) - 1,
        2147483648.0,
        "2147483648",
        "-2147483649",
        1e300,
        "1e999999",
        "9" * 30,
        10**400,
        math.inf,
        -math.inf,
        math.nan,
    ],
)
def test_an_int_out_of_range(value: Any) -> None:
    assert reason_for(INT, value) == "int_out_of_range"


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        (4.5, 4.5),
        (4, 4.0),
        ("4.5", 4.5),
        (".5", 0.5),
        (" 4.5 ", 4.5),
        ("4.5e3", 4500.0),
        (1.79769e308, 1.79769e308),
        (-1.79769e308, -1.79769e308),
        ("0.1", 0.1),
        ("1e-999999", 0.0),
        (5e-324, 5e-324),
    ],
)
def test_float_takes_numbers_and_their_text(value: Any, sent: float) -> None:
    converted = convert(FLOAT, value)
    assert converted == sent
    assert not isinstance(converted, bool)


@pytest.mark.parametrize(
    "value",
    [
        1.797693e308,
        -1.797693e308,
        "1.8e308",
        "1e309",
        10**400,
        -(10**400),
        "1e999999",
        math.inf,
        math.nan,
        "9" * 350,
    ],
)
def test_a_float_out_of_range(value: Any) -> None:
    assert reason_for(FLOAT, value) == "float_out_of_range"


@pytest.mark.parametrize("value", ["four", True, False, [], {}, "4,5", "NaN", "inf"])
def test_what_is_no_float(value: Any) -> None:
    assert reason_for(FLOAT, value) == "wrong_type"


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        (True, True),
        (False, False),
        (0, False),
        (1, True),
        (1.0, True),
        (0.0, False),
        *((word, True) for word in ("1", "1.0", "true", "t", "yes", "y", "on")),
        *((word, False) for word in ("0", "0.0", "false", "f", "no", "n", "off")),
        ("TRUE", True),
        ("False", False),
        ("Y", True),
        ("OFF", False),
        (" true ", True),
        ("t\n", True),
    ],
)
def test_bool_takes_booleans_0_and_1_and_words(value: Any, sent: bool) -> None:  # noqa: FBT001 - a parameter
    assert convert(BOOL, value) is sent


@pytest.mark.parametrize(
    "value",
    ["oui", "nein", "tr", "2", "1.00", "-1", "+1", "1e0", 2, -1, 0.5, [], {}, [1]],
)
def test_what_is_no_bool(value: Any) -> None:
    assert reason_for(BOOL, value) == "wrong_type"


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        ("2022-01-01T20:02:22Z", "2022-01-01T20:02:22Z"),
        ("2022-01-01T20:02:22", "2022-01-01T20:02:22Z"),
        ("2022-01-01 20:02:22", "2022-01-01T20:02:22Z"),
        ("2022-01-01T20:02:22+02:00", "2022-01-01T18:02:22Z"),
        ("2022-01-01T00:30:00+01:00", "2021-12-31T23:30:00Z"),
        ("2022-01-01T20:02:22.999999Z", "2022-01-01T20:02:22Z"),
        ("2022-01-01T20:02:22.5+00:00", "2022-01-01T20:02:22Z"),
        ("2022-01-01", "2022-01-01T00:00:00Z"),
        (" 2022-01-01 ", "2022-01-01T00:00:00Z"),
        ("2024-02-29", "2024-02-29T00:00:00Z"),
        ("0001-01-01", "0001-01-01T00:00:00Z"),
        ("2022-01-01T20:02", "2022-01-01T20:02:00Z"),
        ("2022-01-01T20:02:22.123Z", "2022-01-01T20:02:22Z"),
        ("2022-01-01T20:02:22.12Z", "2022-01-01T20:02:22Z"),
        ("2022-01-01T20:02:22.123456789Z", "2022-01-01T20:02:22Z"),
        ("2022-01-01T20:02:22+0200", "2022-01-01T18:02:22Z"),
        ("2022-01-01 20:02:22+00", "2022-01-01T20:02:22Z"),
    ],
)
def test_datetime_is_utc_in_seconds_with_a_z(value: str, sent: str) -> None:
    assert json.loads(msgspec.json.encode(convert(DATETIME, value))) == sent


@pytest.mark.parametrize(
    "value",
    [
        "yesterday",
        "2022-13-01",
        "2022-02-30",
        "01/02/2022",
        "20:02:22",
        "2022",
        "2022-01-01T25:00:00Z",
        "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:00-05:00",
        "\uff12\uff10\uff12\uff12-01-01",
        HALF_A_PAIR,
        "x" * 10000,
    ],
)
def test_what_is_no_datetime(value: str) -> None:
    assert reason_for(DATETIME, value) == "invalid_datetime"


@pytest.mark.parametrize("value", [True, [], {}])
def test_a_datetime_is_text_or_a_number(value: Any) -> None:
    assert reason_for(DATETIME, value) == "wrong_type"


@pytest.mark.parametrize(
    "value", [True, False, 7, 4.5, "text", "7", "2022-01-01", EXACT % 2**31]
)
def test_without_a_type_a_value_goes_by_what_it_is(value: Any) -> None:
    converted = to_scalar(value)
    assert (converted, type(converted)) == (value, type(value))


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (2**31, "int_out_of_range"),
        (math.inf, "float_out_of_range"),
        ("x" * 51, "string_too_long"),
        ([], "wrong_type"),
        ({}, "wrong_type"),
    ],
)
def test_without_a_type_the_same_limits_hold(value: Any, reason: str) -> None:
    with pytest.raises(UnfitValueError) as refused:
        to_scalar(value)
    assert refused.value.reason == reason


def test_the_detail_never_holds_the_value() -> None:
    for field_type in ALL_TYPES:
        for value in ("marker-77" * 20, ["marker-77"], {"marker-77": 1}):
            with pytest.raises(UnfitValueError) as refused:
                convert(field_type, value)
            assert "marker-77" not in refused.value.detail
