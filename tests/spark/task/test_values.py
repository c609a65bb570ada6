from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from target_contentsquare.spark.task.values import columns_of, values_of

MOMENT = datetime(2026, 11, 24, 20, 2, 22, 123456, tzinfo=timezone.utc)
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
# Until then a double is exact enough, and one microsecond more is the other way.
CENTURIES = timedelta(seconds=2**33)
DAY_MICROSECONDS = 86_400_000_000


@pytest.mark.parametrize("zone", ["UTC", "Europe/Paris", "+09:00", None])
def test_a_timestamp_is_the_same_moment_in_every_zone(zone: str | None) -> None:
    count = int(MOMENT.timestamp()) * 1_000_000 + 123_456
    array = pa.array([count, None], pa.timestamp("us", zone))
    assert values_of(array) == [MOMENT, None]


def test_a_timestamp_of_nanoseconds_is_read() -> None:
    array = pa.array([1_000], pa.timestamp("ns", "UTC"))
    assert values_of(array) == [datetime(1970, 1, 1, 0, 0, 0, 1, timezone.utc)]


def test_a_timestamp_before_1970_is_exact() -> None:
    array = pa.array([-1], pa.timestamp("us", "UTC"))
    (moment,) = values_of(array)
    assert moment == datetime(1969, 12, 31, 23, 59, 59, 999_999, timezone.utc)


@given(
    st.lists(
        st.none()
        | st.datetimes(datetime(1600, 1, 1), datetime(2400, 1, 1))  # noqa: DTZ001
        | st.sampled_from([CENTURIES, -CENTURIES]).map(EPOCH.__add__)
    )
)
def test_every_timestamp_is_exact_to_the_microsecond(
    moments: list[datetime | None],
) -> None:
    expected = [
        None if moment is None else moment.replace(tzinfo=timezone.utc)
        for moment in moments
    ]
    counts = [
        None if moment is None else (moment - EPOCH) // timedelta(microseconds=1)
        for moment in expected
    ]
    found = values_of(pa.array(counts, pa.timestamp("us", "UTC")))
    assert found == expected
    assert {moment.tzinfo for moment in found if moment} <= {timezone.utc}


@pytest.mark.parametrize(
    ("days", "text"),
    [
        (2_932_897, "+010000-01-01T00:00:00Z"),
        (-719_163, "+000000-12-31T00:00:00Z"),
        (-719_529, "-000001-12-31T00:00:00Z"),
    ],
)
def test_a_timestamp_outside_the_calendar_is_text(days: int, text: str) -> None:
    array = pa.array([0, days * DAY_MICROSECONDS], pa.timestamp("us", "UTC"))
    assert values_of(array)[1] == text


def test_a_date_is_text_also_outside_the_calendar() -> None:
    days = pa.array([0, 2_932_897, None], pa.int32()).cast(pa.date32())
    assert values_of(days) == ["1970-01-01", "+010000-01-01", None]
    assert values_of(pa.array([date(2026, 11, 24)])) == ["2026-11-24"]


@pytest.mark.parametrize(
    ("value", "text"), [("5.00", "5.00"), ("0.0000001", "0.0000001"), ("-1", "-1.00")]
)
def test_a_decimal_keeps_its_digits(value: str, text: str) -> None:
    scale = max(2, -int(Decimal(value).as_tuple().exponent))
    array = pa.array([Decimal(value), None], pa.decimal128(20, scale))
    assert values_of(array) == [text, None]


def test_a_float_of_32_bits_is_its_shortest_text() -> None:
    values: list[Any] = [4.1, 0.1, 16_777_216.0, 1e-7, None]
    assert values_of(pa.array(values, pa.float32())) == values


def test_text_that_is_not_utf_8_does_not_stop_the_task() -> None:
    broken = pa.array([b"\xff", b"ok", None]).view(pa.string())
    assert values_of(broken) == ["\udcff", "ok", None]


def test_the_columns_asked_for_come_in_their_order_for_some_rows_at_a_time() -> None:
    batch = pa.RecordBatch.from_pydict(
        {"a": [1, 2, 3], "tags": [["x"]] * 3, "b": ["p", "q", "r"]}
    )
    pieces = list(columns_of(batch, ["b", "a"], 2))
    assert pieces == [[["p", "q"], [1, 2]], [["r"], [3]]]
