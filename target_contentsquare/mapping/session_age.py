"""When did a session start, and is that too long ago for Contentsquare?"""

from __future__ import annotations

from datetime import datetime, time, timezone
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta

from target_contentsquare.errors import UnfitValueError
from target_contentsquare.mapping.times import read_time

if TYPE_CHECKING:
    from target_contentsquare.mapping.stream_mapping import StreamMapping

#: Contentsquare silently throws away data for sessions that started longer ago.
MAX_SESSION_AGE_DAYS = 7

#: What a decoder checks of a column that promises moments. It rounds decimals beyond
#: microseconds, where `latest_start` cuts them off: a start is only compared with a
#: limit, which is not that exact.
TYPED_SESSION_START = Annotated[datetime, Meta(tz=True)]


def warn_of_unknown_starts(mapping: StreamMapping) -> str | None:
    """Return a warning if the rows of a stream don't say when their sessions started.

    Args:
        mapping: With what depends on the stream's columns filled in.
    """
    if mapping.session_started_at is not None:
        return None
    return (
        f"{mapping.setting}: no session_started_at, so rows of sessions that started "
        f"over {MAX_SESSION_AGE_DAYS} days ago are sent and counted as delivered, and "
        "Contentsquare throws them away: map the property that says when the session "
        "started"
    )


def latest_start(value: object) -> datetime | None:
    """Return when a session started, at the latest.

    Args:
        value: A text or number in the grammar of `times`, a datetime or a date.

    Returns:
        A moment with its zone. A date alone is taken as the end of that day in UTC,
        since the session may have started as late as that. None for null or blank
        text: not known.

    Raises:
        UnfitValueError: `invalid_session_started_at`.
    """
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    try:
        start = read_time(value)
    except (TypeError, ValueError):
        detail = "neither a date, a date with a time of day nor a Unix time"
        raise UnfitValueError(
            "invalid_session_started_at", detail, "session_started_at"
        ) from None
    if isinstance(start, datetime):
        return start
    return datetime.combine(start, time.max, timezone.utc)
