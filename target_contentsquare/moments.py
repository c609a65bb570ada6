"""Reading ISO 8601: one reader for a session's start and for DATETIME fields."""

from __future__ import annotations

from datetime import date, datetime, timezone

import msgspec

_DATE_LENGTH = len("2022-01-01")


def read_moment(text: str) -> datetime:
    """Read a datetime, with or without an offset (without: UTC).

    What a decoder takes for a datetime is read as that decoder reads it, so that a row
    becomes the same whether it was decoded to promised types or freely. On Python 3.10
    the rest relies on the SDK, which mends `datetime.fromisoformat` there.

    Raises:
        ValueError: It is not ISO 8601.
    """
    try:
        moment = msgspec.convert(text, datetime)
    except msgspec.ValidationError:
        moment = datetime.fromisoformat(text.upper())
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


def read_date(text: str) -> datetime | None:
    """Read a date: its midnight in UTC; None if the text is too long for one.

    Raises:
        ValueError: It is not ISO 8601.
    """
    if len(text) > _DATE_LENGTH:
        return None
    day = date.fromisoformat(text.upper())
    return datetime(day.year, day.month, day.day, tzinfo=timezone.utc)
