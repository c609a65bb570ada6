"""When did a session start, and is that too long ago for Contentsquare?"""

from __future__ import annotations

import math
import re
from datetime import datetime, time, timedelta, timezone

from target_contentsquare.errors import UnfitValueError
from target_contentsquare.mapping.times import read_date, read_moment

#: Contentsquare silently throws away data for sessions that started longer ago.
MAX_SESSION_AGE_DAYS = 7

# Seconds reach this in the year 5138; milliseconds left it behind in 1973.
_MILLISECONDS_FROM = 1e11
# As milliseconds, the year 5138 again: nothing beyond it is a session's start.
_NOT_A_TIME_FROM = 1e14
_LONG_AGO = datetime.min.replace(tzinfo=timezone.utc)
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
# Eight digits are a date without separators; a Unix time has nine or more.
_UNIX_TEXT = re.compile(r"[+-]?\d{9,15}(\.\d*)?", re.ASCII)


def latest_start(value: object) -> datetime | None:
    """Say when a session started, at the latest.

    Args:
        value: A datetime with its zone, ISO 8601 with or without offset (without:
            UTC), a date, or Unix seconds or milliseconds as a number or text.

    Returns:
        A moment with its zone; for a date the end of that day (UTC), since the session
        may have started as late as that. None for null or an empty text: not known.

    Raises:
        UnfitValueError: `invalid_session_started_at`.
    """
    if value is None or value == "":
        return None
    if isinstance(value, str):
        return _from_text(value.strip())
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return _from_number(value)
    raise _unfit("neither ISO 8601 text nor a Unix time")


def _from_text(text: str) -> datetime:
    try:
        if _UNIX_TEXT.fullmatch(text):
            return _from_number(float(text))
        if (day := read_date(text)) is not None:
            return datetime.combine(day, time.max, timezone.utc)
        return read_moment(text)
    except (ValueError, OverflowError):
        raise _unfit("neither ISO 8601 nor a Unix time") from None


def _from_number(value: float) -> datetime:
    if not abs(value) < _NOT_A_TIME_FROM or not math.isfinite(value):
        raise _unfit("a number too large for Unix milliseconds")
    seconds = value / 1000 if abs(value) >= _MILLISECONDS_FROM else value
    try:
        return _EPOCH + timedelta(seconds=seconds)
    except OverflowError:  # before the year 1, as the zero dates of some databases
        return _LONG_AGO


def _unfit(detail: str) -> UnfitValueError:
    return UnfitValueError("invalid_session_started_at", detail, "session_started_at")
