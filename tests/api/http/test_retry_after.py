"""How long an answer asks to wait."""

from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from urllib3 import HTTPHeaderDict

from target_contentsquare.api.http.retry_after import parse_retry_after, seconds_to_wait

NOW = datetime(2026, 11, 24, 12, 0, 0, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120.0),
        (" 7 ", 7.0),
        ("1.5", 1.5),
        ("Tue, 24 Nov 2026 12:00:30 GMT", 30.0),
        ("Tuesday, 24-Nov-26 12:00:30 GMT", 30.0),
        ("Tue, 24 Nov 2026 13:00:30 +0100", 30.0),
    ],
)
def test_both_forms_of_retry_after_are_understood(header: str, seconds: float) -> None:
    assert parse_retry_after(header, NOW.timestamp()) == seconds


@pytest.mark.parametrize(
    "header",
    ["", "0", "-5", "soon", "1e9", "٣", "Tue, 24 Nov 2026 11:59:59 GMT", "[]"],
)
def test_without_a_wait_to_honour_the_own_backoff_decides(header: str) -> None:
    assert parse_retry_after(header, NOW.timestamp()) is None


@settings(max_examples=60)
@given(st.text(max_size=60))
def test_no_header_breaks_the_run(header: str) -> None:
    wait = parse_retry_after(header, NOW.timestamp())
    assert wait is None or wait > 0


@given(st.integers(1, 10**6))
def test_a_date_means_the_seconds_until_then(seconds: int) -> None:
    date = format_datetime(NOW + timedelta(seconds=seconds), usegmt=True)
    assert parse_retry_after(date, NOW.timestamp()) == seconds


def test_a_date_without_a_zone_is_in_utc_wherever_this_runs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        wait = parse_retry_after("Tue Nov 24 12:00:30 2026", NOW.timestamp())
    finally:
        monkeypatch.undo()
        time.tzset()
    assert wait == 30.0


def wait_of(*headers: tuple[str, str], is_throttling: bool = True) -> float | None:
    return seconds_to_wait(
        HTTPHeaderDict(headers), NOW.timestamp(), is_throttling=is_throttling
    )


def test_a_date_is_counted_from_the_answers_own_date() -> None:
    date = ("Date", "Tue, 24 Nov 2026 11:00:00 GMT")  # our clock is an hour ahead
    assert wait_of(date, ("Retry-After", "Tue, 24 Nov 2026 11:00:30 GMT")) == 30.0
    assert wait_of(("Date", "soon"), ("Retry-After", "5")) == 5.0


def test_the_longer_of_two_waits_counts() -> None:
    assert wait_of(("Retry-After", "5"), ("Retry-After", "30")) == 30.0
    assert wait_of(("Retry-After", "soon"), ("retry-after", "7")) == 7.0
    dates = [("Retry-After", f"Tue, 24 Nov 2026 12:00:{s} GMT") for s in (40, 20)]
    assert wait_of(*dates) == 40.0


@pytest.mark.parametrize(
    ("name", "value", "seconds"),
    [
        ("X-RateLimit-Reset", "17", 17.0),
        ("x-ratelimit-reset", str(int(NOW.timestamp()) + 17), 17.0),
        ("X-RateLimit-Reset", str((int(NOW.timestamp()) + 17) * 1000), 17.0),
        ("RateLimit-Reset", "17", 17.0),
        ("RateLimit", "limit=100, remaining=0, reset=17", 17.0),
        ("RateLimit", '"default";r=0;t=17', 17.0),
        ("RateLimit", '"a";r=0;t=3, "b";r=0;t=17', 17.0),
        ("X-RateLimit-Reset", "0", None),
        ("X-RateLimit-Reset", str(int(NOW.timestamp()) - 17), None),
        ("X-RateLimit-Reset", "soon", None),
        ("X-RateLimit-Reset", "9" * 40, None),
        ("RateLimit", "limit=100", None),
    ],
)
def test_a_rate_limit_that_says_when_it_is_reset(
    name: str, value: str, seconds: float | None
) -> None:
    assert wait_of((name, value)) == seconds
    assert wait_of((name, value), ("Retry-After", "3")) == 3.0
    # Another answer has these fields too, and they are not what it is about.
    assert wait_of((name, value), is_throttling=False) is None
