"""The values of Arrow arrays, as the core takes them."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import msgspec
import pyarrow as pa
from pyarrow import compute

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_MICROSECOND = timedelta(microseconds=1)
# Of so many microseconds before or after 1970 (1697 to 2242), the seconds are less than
# half a microsecond off in a double.
_MOST_EXACT = 2**33 * 1_000_000
# The calendar repeats itself after 400 years.
_CYCLE_YEARS = 400
_CYCLE_DAYS = 146_097
_MICROSECONDS_PER_DAY = 86_400_000_000


def columns_of(
    batch: pa.RecordBatch, names: Sequence[str], at_once: int
) -> Iterator[list[list[Any]]]:
    """Yield the values of some columns, a list for each, for some rows at a time.

    They are Python's own objects, so that a row that is kept does not keep its batch.
    Timestamps are datetimes in UTC; dates and decimals are text.

    Args:
        names: The columns, in the order of the lists.
        at_once: Rows, at most.
    """
    arrays = [batch.column(name) for name in names]
    for start in range(0, batch.num_rows, at_once):
        yield [values_of(array.slice(start, at_once)) for array in arrays]


def values_of(array: pa.Array) -> list[Any]:
    """Return an array's values, None for null."""
    arrow_type = array.type
    if pa.types.is_timestamp(arrow_type):
        counts = array.cast(pa.timestamp("us", arrow_type.tz)).cast(pa.int64())
        return _moments(counts)
    if pa.types.is_date32(arrow_type):
        days = to_list(array.cast(pa.int32()))
        return [None if day is None else _day_text(day) for day in days]
    if pa.types.is_decimal(arrow_type):
        return [None if value is None else f"{value:f}" for value in to_list(array)]
    if pa.types.is_float32(arrow_type):
        # As a double, 4.1 would be 4.099999904632568; its shortest text is "4.1".
        texts = to_list(array.cast(pa.string()))
        return [None if text is None else float(text) for text in texts]
    try:
        return to_list(array)
    except UnicodeDecodeError:
        return [_text(value) for value in to_list(array.cast(pa.binary()))]


def to_list(array: pa.Array) -> list[Any]:
    """Return an array's values as Arrow gives them."""
    values: list[Any] = array.to_pylist()
    return values


def as_json(value: Any) -> Any:
    """Return a value of a row as JSON has it: a moment becomes its ISO 8601 text."""
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    return value


class _Moments(msgspec.Struct, array_like=True, gc=False):
    """Unix seconds, converted together."""

    values: list[datetime | None]


def _moments(counts: pa.Array) -> list[Any]:
    """Return the moments so many microseconds after 1970; text beyond the calendar.

    msgspec makes a thousand of them from seconds in 0.14 ms. To add each to a datetime
    takes 0.4 ms, and Arrow's own datetimes take 4.
    """
    low, high = compute.min_max(counts).as_py().values()
    if low is None or -_MOST_EXACT <= low <= high <= _MOST_EXACT:
        seconds = to_list(compute.divide(counts.cast(pa.float64()), 1e6))
        return msgspec.convert((seconds,), _Moments, strict=False).values
    return [None if count is None else _moment(count) for count in to_list(counts)]


def _moment(microseconds: int) -> datetime | str:
    """Return one moment; text where it is beyond the calendar."""
    try:
        return _EPOCH + microseconds * _MICROSECOND
    except OverflowError:
        days, rest = divmod(microseconds, _MICROSECONDS_PER_DAY)
        time_of_day = (_EPOCH + rest * _MICROSECOND).time().isoformat()
        return f"{_expanded(days)}T{time_of_day}Z"


def _day_text(day: int) -> str:
    try:
        return date.fromordinal(_EPOCH_DAY + day).isoformat()
    except (ValueError, OverflowError):
        return _expanded(day)


def _expanded(day: int) -> str:
    """Return a day outside the years 1 to 9999 in ISO 8601's expanded form.

    No field of a time takes this text, so its row is rejected.
    """
    cycles, rest = divmod(day, _CYCLE_DAYS)
    inside = date.fromordinal(_EPOCH_DAY + rest)
    return f"{inside.year + cycles * _CYCLE_YEARS:+07d}{inside:-%m-%d}"


def _text(value: bytes | None) -> str | None:
    """Return text whose bytes may not be UTF-8: the core rejects what stands there."""
    return None if value is None else value.decode(errors="surrogateescape")
