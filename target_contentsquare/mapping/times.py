"""The forms of times that are read, and the current time.

One grammar holds for session starts and DATETIME fields, on every version of Python:

    time     = date | moment | unix
    date     = YYYY-MM-DD | YYYYMMDD
    moment   = date ("T" | "t" | " ") clock [zone]
    clock    = hh:mm [:ss [decimals]] | hhmm [ss [decimals]]
    decimals = ("." | ",") and any number of digits
    zone     = [" "] ("Z" | "z" | "UTC" | ("+" | "-") hh [[":"] mm])
    unix     = seconds since 1970 from 1000000000 to 1999999999 (2001-09-09 to
               2033-05-18), or the same with 3, 6 or 9 more digits for milli-, micro- or
               nanoseconds; with decimals after "."

Numbers are read as their text is. Everything else is refused: 2026112410 may be an hour
or a Unix time, and a date with an offset is no moment. `datetime.fromisoformat` takes
more, such as any character between date and time, and not the same in every version of
Python.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta, timezone
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable

_DATE_OR_MOMENT = re.compile(
    r"""
    (?P<year>\d{4}) (?P<dash>-?) (?P<month>\d\d) (?P=dash) (?P<day>\d\d)
    (?: [Tt\ ]
        (?P<hour>\d\d) (?P<colon>:?) (?P<minute>\d\d)
        (?: (?P=colon) (?P<second>\d\d) (?: [.,] (?P<decimals>\d+) )? )?
        (?: \ ? (?: [Zz] | UTC
            | (?P<sign>[+-]) (?P<hours>[01]\d|2[0-3]) (?: :? (?P<minutes>[0-5]\d) )?
        ) )?
    )?
    """,
    re.ASCII | re.VERBOSE,
)
_UNIX_TIME = re.compile(
    r"(?P<whole>1\d{9}(?:\d{3}|\d{6}|\d{9})?)(?:\.(?P<decimals>\d+))?", re.ASCII
)
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
# 2033-05-18: no Unix time reaches it, in whatever unit.
_MAX_NANOSECONDS = 2e18
# The shortest text that the decoder takes for a moment, and where its decimals are.
_MIN_DECODED = len("2022-01-01T20:02:22")
_SEVENTH_DECIMAL = slice(26, 27)


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


def read_time(value: object) -> datetime | date:
    """Return the moment, with its zone, or the date alone that a value names.

    A moment without a zone is in UTC; decimals beyond microseconds are cut off.

        >>> read_time("1795550542123")
        datetime.datetime(2026, 11, 24, 20, 2, 22, 123000, tzinfo=datetime.timezone.utc)
        >>> read_time(20261124)
        datetime.date(2026, 11, 24)

    Args:
        value: A text or number as in the module's docstring, a datetime or a date.

    Raises:
        TypeError: The value is of another type.
        ValueError: It is not in the grammar.
    """
    if isinstance(value, str):
        return _read_text(value.strip())
    if isinstance(value, datetime):
        return _with_zone(value)
    if isinstance(value, date):
        return value
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return _read_in_grammar(_written(value))
    raise TypeError("neither a text nor a number")


def in_utc(moment: datetime) -> datetime:
    """Return a moment in UTC.

    Raises:
        ValueError: There it is beyond the calendar.
    """
    if moment.tzinfo is timezone.utc:
        return moment
    try:
        return _with_zone(moment).astimezone(timezone.utc)
    except OverflowError:
        raise ValueError("in UTC it is beyond the calendar") from None


def _with_zone(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


def _read_text(text: str) -> datetime | date:
    # Of the commonest forms, all of which are in the grammar, the decoder reads a text
    # six times faster than the pattern. It rounds a seventh decimal, so that is not
    # left to it.
    if len(text) >= _MIN_DECODED and not text[_SEVENTH_DECIMAL].isdigit():
        try:
            return _with_zone(msgspec.convert(text, datetime))
        except msgspec.ValidationError:
            pass
    return _read_in_grammar(text)


def _read_in_grammar(text: str) -> datetime | date:
    found = _DATE_OR_MOMENT.fullmatch(text)
    if found is None:
        return _read_unix_time(text)
    day = date(int(found["year"]), int(found["month"]), int(found["day"]))
    return day if found["hour"] is None else _read_clock(day, found)


def _read_clock(day: date, found: re.Match[str]) -> datetime:
    clock = time(
        int(found["hour"]),
        int(found["minute"]),
        int(found["second"] or 0),
        int((found["decimals"] or "0")[:6].ljust(6, "0")),
        tzinfo=_zone(found),
    )
    return datetime.combine(day, clock)


def _zone(found: re.Match[str]) -> timezone:
    if found["sign"] is None:
        return timezone.utc
    offset = timedelta(hours=int(found["hours"]), minutes=int(found["minutes"] or 0))
    return timezone(-offset if found["sign"] == "-" else offset)


def _read_unix_time(text: str) -> datetime:
    found = _UNIX_TIME.fullmatch(text)
    if found is None:
        raise ValueError("neither a date, a moment nor a Unix time")
    # Seconds have ten digits here, so sixteen are microseconds, whatever the unit.
    digits = found["whole"] + (found["decimals"] or "")
    return _EPOCH + timedelta(microseconds=int(digits[:16].ljust(16, "0")))


def _written(number: float) -> str:
    """Return the text of a number, an integral one without a point.

    Raises:
        ValueError: It is not in the range of any time.
    """
    if not 0 < number < _MAX_NANOSECONDS:
        raise ValueError("a number beyond all Unix times")
    return str(int(number)) if number == int(number) else repr(number)
