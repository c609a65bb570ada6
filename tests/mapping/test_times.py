"""The grammar of times: what is read, what is refused, and that all paths agree."""

import random
from datetime import date, datetime, timedelta, timezone
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from target_contentsquare.errors import UnfitValueError
from target_contentsquare.mapping.compile import MappedColumn
from target_contentsquare.mapping.fields import FieldType
from target_contentsquare.mapping.session_age import TYPED_SESSION_START, latest_start
from target_contentsquare.mapping.times import read_time
from target_contentsquare.singer.input.line_decoder import typed_decoder
from tests.mapping import time_grammar

UTC = timezone.utc
MOMENT = datetime(2026, 11, 24, 20, 2, 22, tzinfo=UTC)
DATETIME = FieldType.DATETIME
VALID = tuple(time_grammar.valid_texts())
DECODE_TYPED = typed_decoder(
    [MappedColumn("at", DATETIME.decoded, is_key=False, never_null=False)]
)


def read(value: Any) -> date | datetime | None:
    """What the code makes of a value; None if it refuses it."""
    try:
        return read_time(value)
    except ValueError:
        return None


def sent(value: Any) -> datetime | None:
    """What is sent for a DATETIME field; None if the value is refused."""
    try:
        converted = DATETIME.converter()(value)
    except UnfitValueError:
        return None
    assert isinstance(converted, datetime)
    return converted


def sent_typed(text: str) -> datetime | None:
    """The same for a typed column; None if the row has to be read untyped."""
    convert = DATETIME.typed_converter()
    assert convert is not None
    try:
        (moment,) = DECODE_TYPED(msgspec.json.encode({"record": {"at": text}}))
        converted = convert(moment)
    except (msgspec.ValidationError, UnfitValueError):
        return None
    assert isinstance(converted, datetime)
    return converted


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-24T20:02:22Z", MOMENT),
        ("2026-11-24t20:02:22z", MOMENT),
        ("2026-11-24 20:02:22", MOMENT),
        (" 2026-11-24T20:02:22 \n", MOMENT),
        ("20261124T200222", MOMENT),
        ("20261124 20:02:22", MOMENT),
        ("2026-11-24T200222+0000", MOMENT),
        ("2026-11-24T20:02", MOMENT.replace(second=0)),
        ("2026-11-24 2002", MOMENT.replace(second=0)),
        # BigQuery's and Snowflake's text of a timestamp.
        ("2026-11-24 20:02:22 UTC", MOMENT),
        ("2026-11-24 20:02:22.123456 UTC", MOMENT.replace(microsecond=123456)),
        ("2026-11-24 12:02:22.000 -0800", MOMENT),
        ("2026-11-24 12:02:22.000000000 -0800", MOMENT),
        ("2026-11-24 12:02:22-08", MOMENT),
        ("2026-11-25T01:32:22+05:30", MOMENT),
        ("2026-11-24T20:02:22,5Z", MOMENT.replace(microsecond=500000)),
        ("2026-11-24T20:02:22.9999999Z", MOMENT.replace(microsecond=999999)),
        ("1795550542", MOMENT),
        ("1795550542.9999999", MOMENT.replace(microsecond=999999)),
        ("1795550542123", MOMENT.replace(microsecond=123000)),
        ("1795550542123456", MOMENT.replace(microsecond=123456)),
        ("1795550542123456789", MOMENT.replace(microsecond=123456)),
        (1795550542, MOMENT),
        (1795550542.0, MOMENT),
        (1795550542.5, MOMENT.replace(microsecond=500000)),
        (1795550542123, MOMENT.replace(microsecond=123000)),
        (1795550542123.5, MOMENT.replace(microsecond=123500)),
        (1795550542123456789, MOMENT.replace(microsecond=123456)),
        (1_000_000_000, datetime(2001, 9, 9, 1, 46, 40, tzinfo=UTC)),
        (1_999_999_999, datetime(2033, 5, 18, 3, 33, 19, tzinfo=UTC)),
        (MOMENT, MOMENT),
        (MOMENT.replace(tzinfo=None), MOMENT),
        (MOMENT.astimezone(timezone(timedelta(hours=5))), MOMENT),
    ],
)
def test_what_is_a_moment(text: Any, moment: datetime) -> None:
    assert read(text) == moment
    assert latest_start(text) == moment
    assert sent(text) == moment.replace(microsecond=0)


@pytest.mark.parametrize(
    "value",
    ["2026-11-24", "20261124", " 2026-11-24 ", 20261124, 20261124.0, MOMENT.date()],
)
def test_what_is_a_date(value: Any) -> None:
    assert read(value) == MOMENT.date()
    assert sent(value) == datetime(2026, 11, 24, tzinfo=UTC)
    end_of_day = datetime(2026, 11, 24, 23, 59, 59, 999999, tzinfo=UTC)
    assert latest_start(value) == end_of_day


@pytest.mark.parametrize(
    "value",
    [
        # Digits that are no date and no Unix time.
        "2026112410",
        "202611241026",
        "20261124102621",
        "20261124102621Z",
        20261124102621,
        202611241026,
        "2000000000",
        "999999999",
        999_999_999,
        2_000_000_000,
        2e18,
        "11111111111",
        "1764000000.",
        "+1764000000",
        "1.764e9",
        "-1764000000",
        -1764000000,
        20261124.5,
        20261399,
        # A date with an offset, and clocks with junk.
        "2024-01-15+02:00",
        "2024-01-15-08:00",
        "20240115-0800",
        "2026-11-24Z",
        "2026-11-24 UTC",
        "2026-11-24T",
        "2026-11-24T10",
        "2026-11-24T10Z",
        "2026-11-24T10.5",
        "2026-11-24T10:30.5",
        "2026-11-24_10:00:00",
        "2026-11-24  10:00:00",
        "2026-11-24T10:00:00  Z",
        "2026-11-24T10:00:00Zulu",
        "2026-11-24T10:00:00 utc",
        "2026-11-24T10:00:00 GMT",
        "2026-11-24T10:00:00+00:99",
        "2026-11-24T10:00:00+24:00",
        "2026-11-24T10:00:00+5",
        "2026-11-24T10:00:00+05:30:15",
        "2026-11-24T10:00:00[Europe/Paris]",
        "2026-11-24T10:00:00.Z",
        "2026-11-24T10:0022",
        "2026-11-24T1000:22",
        "2026-1124",
        "202611-24",
        "2026-11-24T24:00:00",
        "2026-11-24T23:59:60",
        "2026-13-01",
        "2026-02-29",
        "0000-00-00",
        "0000-00-00 00:00:00",
        "2026-W48-2",
        "2026-328",
        "24 Nov 2026",
        "11/24/2026",
        "45985",
        45985.5,
        0,
        float("nan"),
        float("inf"),
        10**400,
        "\uff12\uff10\uff12\uff16-11-24",
        "2026-11-24T10:00:00\u221208:00",
        "\ud800",
        "",
    ],
)
def test_what_is_neither(value: Any) -> None:
    assert read(value) is None


@pytest.mark.parametrize(
    ("text", "is_old"),
    [("0001-01-01T00:00:00+00:01", True), ("9999-12-31T23:59:59-00:01", False)],
)
def test_what_is_beyond_the_calendar_in_utc_is_a_start_and_no_field(
    text: str,
    is_old: bool,  # noqa: FBT001 - a parameter
) -> None:
    start = latest_start(text)
    assert start is not None
    assert (start < MOMENT) is is_old
    with pytest.raises(UnfitValueError) as refused:
        DATETIME.converter()(text)
    assert refused.value.reason == "invalid_datetime"
    assert sent_typed(text) is None


@pytest.mark.parametrize("value", [True, False, [], {}, None, b"2026-11-24"])
def test_a_value_of_another_type_is_told_apart(value: Any) -> None:
    with pytest.raises(TypeError):
        read_time(value)


def test_every_form_of_the_grammar_is_read_as_it_should_be() -> None:
    assert len(VALID) > 1000
    for text in VALID:
        assert read(text) == time_grammar.read(text), text


@settings(max_examples=500, deadline=None, derandomize=True)
@given(
    text=st.from_regex(
        r"[0-9]{4}-?[01][0-9]-?[0-3][0-9]([Tt ][0-2][0-9]:?[0-5][0-9]"
        r"(:?[0-5][0-9]([.,][0-9]{1,12})?)? ?(Z|z|UTC|[+-][0-2][0-9](:?[0-9]{2})?)?)?"
        r"|[0-2][0-9]{6,19}(\.[0-9]{0,9})?",
        fullmatch=True,
    )
)
def test_texts_near_the_grammar_are_read_as_an_independent_reader_does(
    text: str,
) -> None:
    assert read(text) == time_grammar.read(text)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(number=st.integers(-(10**20), 10**20) | st.floats(1e9, 2e9) | st.floats())
def test_a_number_is_read_as_its_text_is(number: float) -> None:
    is_integral = number == number // 1
    text = str(int(number)) if is_integral and abs(number) < 1e20 else repr(number)
    assert read(number) == time_grammar.read(text)


@pytest.mark.parametrize("seed", range(3))
def test_nothing_outside_the_grammar_is_taken_by_any_path(seed: int) -> None:
    print("seed", seed)  # noqa: T201 - to repeat a failure
    chance = random.Random(seed)  # noqa: S311 - repeatable
    refused = 0
    for _ in range(2500):
        text = time_grammar.mutated(chance.choice(VALID), chance)
        expected = time_grammar.read(text)
        assert read(text) == expected, text
        assert_typed_agrees(text)
        refused += expected is None
    assert 500 < refused < 2500


def test_the_typed_path_agrees_on_every_form() -> None:
    taken = [text for text in VALID if assert_typed_agrees(text)]
    assert len(taken) > 100


def assert_typed_agrees(text: str) -> bool:
    """Compare the typed path with the untyped one; return whether it took the text."""
    as_json = msgspec.json.encode(text)
    try:
        start = msgspec.json.decode(as_json, type=TYPED_SESSION_START)
    except msgspec.DecodeError:
        pass
    else:
        untyped = latest_start(text)
        assert untyped is not None
        assert timedelta() <= start - untyped <= timedelta(microseconds=1), text
    converted = sent_typed(text)
    if converted is not None:
        assert converted == sent(text), text
    return converted is not None


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-24T23:59:59.9999999Z",
        "2026-11-24T23:59:59.9999999",
        "2026-11-24T23:59:59.99999950+00:00",
        "9999-12-31T23:59:59.9999999Z",
    ],
)
def test_decimals_are_cut_off_and_never_carry_into_the_next_second(text: str) -> None:
    expected = datetime.fromisoformat(text[:19]).replace(tzinfo=UTC)
    assert sent(text) == expected
    assert sent_typed(text) in (expected, None)
    assert latest_start(text) == expected.replace(microsecond=999999)


def test_a_typed_moment_is_sent_in_utc_and_whole_seconds() -> None:
    convert = DATETIME.typed_converter()
    assert convert is not None
    assert convert(MOMENT.replace(microsecond=5)) == MOMENT
    assert convert(MOMENT.replace(tzinfo=None)) == MOMENT
    with pytest.raises(UnfitValueError):
        convert(datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=1))))


def test_a_moment_is_read_untyped_where_the_decoder_would_round_it_up() -> None:
    for text in ("\\u002e9999999", ".\\u0039999999", ".9999999"):
        line = f'{{"record": {{"at": "2026-11-24T20:02:22{text}Z"}}}}'
        with pytest.raises(msgspec.ValidationError):
            DECODE_TYPED(line.encode())
    line = '{"record": {"at": "2026-11-24T20:02:22.99999Z", "name": "caf\\u00e9"}}'
    assert DECODE_TYPED(line.encode()) == (MOMENT.replace(microsecond=999990),)


def test_texts_of_any_length_are_refused_in_no_time() -> None:
    for text in ("1" * 1_000_000, "2026-11-24T20:02:22." + "9" * 1_000_000 + "x"):
        assert read(text) is None
    assert read("2026-11-24T20:02:22." + "0" * 1_000_000) == MOMENT
    assert read("1795550542." + "0" * 1_000_000) == MOMENT
