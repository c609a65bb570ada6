"""How long an answer asks to wait before the next request."""

from __future__ import annotations

import re
from datetime import timezone
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from urllib3 import HTTPHeaderDict

_DELAY_SECONDS = re.compile(r"\d{1,9}(\.\d+)?", re.ASCII)
# Larger numbers are Unix time in seconds, and from the second one on in milliseconds.
_UNIX_SECONDS = 1_000_000_000
_UNIX_MILLISECONDS = 1_000_000_000_000
_RESET = re.compile(r"\d{1,13}", re.ASCII)
# The drafts of the IETF's RateLimit fields: `RateLimit: limit=10, remaining=0, reset=5`
# (up to draft 7) and `RateLimit: "name";r=0;t=5` (from draft 8).
_RATE_LIMIT = re.compile(r"\b(?:reset|t)\s*=\s*(\d{1,9})\b", re.ASCII)


def seconds_to_wait(
    headers: HTTPHeaderDict, now: float, *, is_throttling: bool
) -> float | None:
    """Return the seconds that an answer asks to wait.

    The longest of several `Retry-After` headers counts. Where there is none that can
    be read, an answer that asks for fewer requests may say when its limit is reset.

    Args:
        headers: Of the answer.
        now: Unix seconds, to count dates from if the answer has no `Date`.
        is_throttling: The answer is a 429. Others can carry the fields of a rate limit
            too, and it is not what they are about.

    Returns:
        None if the answer asks for no wait: our own backoff is kinder to a server in
        trouble.
    """
    sent_at = _unix_time(headers.get("Date", ""))
    base = now if sent_at is None else sent_at
    asked = headers.getlist("Retry-After", [])
    waits = [wait for header in asked if (wait := parse_retry_after(header, base))]
    if not waits and is_throttling:
        waits = list(_resets(headers, base))
    return max(waits, default=None)


def parse_retry_after(header: str, now: float) -> float | None:
    """Return the seconds that a Retry-After header asks to wait, if it does.

    Args:
        header: Seconds, or an HTTP date.
        now: Unix seconds, to count an HTTP date from.
    """
    text = header.strip()
    if _DELAY_SECONDS.fullmatch(text):
        return float(text) or None
    date = _unix_time(text)
    return date - now if date is not None and date > now else None


def _resets(headers: HTTPHeaderDict, now: float) -> Iterator[float]:
    for name in ("X-RateLimit-Reset", "X-Rate-Limit-Reset", "RateLimit-Reset"):
        for header in headers.getlist(name, []):
            if _RESET.fullmatch(text := header.strip()):
                yield from _positive(_seconds_until(int(text), now))
    for header in headers.getlist("RateLimit", []):
        for text in _RATE_LIMIT.findall(header):
            yield from _positive(float(text))


def _seconds_until(reset: int, now: float) -> float:
    if reset >= _UNIX_MILLISECONDS:
        return reset / 1000 - now
    return reset - now if reset >= _UNIX_SECONDS else float(reset)


def _positive(seconds: float) -> Iterator[float]:
    if seconds > 0:
        yield seconds


def _unix_time(text: str) -> float | None:
    try:
        date = parsedate_to_datetime(text)
        # Without a zone it is UTC, as all HTTP dates are.
        return date.replace(tzinfo=date.tzinfo or timezone.utc).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None
