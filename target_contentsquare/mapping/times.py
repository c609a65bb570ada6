"""Moments: the current one, and those that ISO 8601 texts name."""

from __future__ import annotations

from datetime import date, datetime, timezone
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable

_DATE_LENGTH = len("2022-01-01")


def utc_now() -> datetime:
    """The current time in UTC."""
    return datetime.now(timezone.utc)


class WallClock:
    """The time of day as of the last look: one for every row would cost too much.

    Attributes:
        now: UTC; another object after each look.
    """

    __slots__ = ("_read", "now")

    def __init__(self, read: Callable[[], datetime] = utc_now) -> None:
        self._read = read
        self.look()

    def look(self) -> None:
        """Bring `now` up to date: after every wait."""
        self.now = self._read()


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
