"""How long an answer asks to wait before the next request."""

from __future__ import annotations

import re
from datetime import timezone
from email.utils import parsedate_to_datetime

_DELAY_SECONDS = re.compile(r"\d{1,9}(\.\d+)?", re.ASCII)


def parse_retry_after(header: str | None, now: float) -> float | None:
    """Return the seconds that a Retry-After header asks to wait.

    Args:
        header: Seconds, or an HTTP date.
        now: Unix seconds, to count an HTTP date from.

    Returns:
        None if there is no header, if it can't be read, or if it asks for no wait: our
        own backoff is kinder to a server in trouble.
    """
    text = (header or "").strip()
    if _DELAY_SECONDS.fullmatch(text):
        return float(text) or None
    try:
        date = parsedate_to_datetime(text)
        # Without a zone it is UTC, as all HTTP dates are.
        seconds = date.replace(tzinfo=date.tzinfo or timezone.utc).timestamp() - now
    except (ValueError, TypeError, OverflowError):
        return None
    return seconds if seconds > 0 else None
