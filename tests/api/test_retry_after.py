"""How long an answer asks to wait."""

from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from target_contentsquare.api.retry_after import parse_retry_after

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
    [None, "", "0", "-5", "soon", "1e9", "٣", "Tue, 24 Nov 2026 11:59:59 GMT", "[]"],
)
def test_without_a_wait_to_honour_the_own_backoff_decides(header: str | None) -> None:
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
