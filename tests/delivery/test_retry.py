"""When a request is tried again, and when no more."""

from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from target_contentsquare.delivery.retry import (
    MAX_PAUSE_SECONDS,
    RETRYABLE_STATUSES,
    RetryPolicy,
    parse_retry_after,
)
from target_contentsquare.errors import RetryableError

NOW = datetime(2026, 11, 24, 12, 0, 0, tzinfo=timezone.utc)
TROUBLE = RetryableError("HTTP 503")


def whole(seconds: float) -> float:
    return seconds


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


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 599])
def test_these_answers_are_tried_again(status: int) -> None:
    assert status in RETRYABLE_STATUSES


@pytest.mark.parametrize("status", [200, 301, 400, 401, 403, 404, 409, 413, 422])
def test_these_are_not(status: int) -> None:
    assert status not in RETRYABLE_STATUSES


def test_waits_double_up_to_a_minute() -> None:
    retries = RetryPolicy(10_000, whole).begin(0.0)
    waits = [retries.next_wait(TROUBLE, 0.0) for _ in range(8)]
    assert waits == [1, 2, 4, 8, 16, 32, MAX_PAUSE_SECONDS, MAX_PAUSE_SECONDS]
    assert retries.attempts == 9


def test_jitter_is_full_so_that_batches_do_not_come_back_together() -> None:
    """Seedless on purpose: 500 draws leave no room for chance."""
    policy = RetryPolicy(10_000)
    waits = []
    for _ in range(500):
        retries = policy.begin(0.0)
        for _ in range(4):
            retries.next_wait(TROUBLE, 0.0)
        waits.append(retries.next_wait(TROUBLE, 0.0) or 0.0)
    assert 0 <= min(waits) < 1.6
    assert 14.4 < max(waits) <= 16
    assert 6.5 < sum(waits) / len(waits) < 9.5


def test_the_last_attempt_is_made_when_the_time_is_up_and_no_other() -> None:
    retries = RetryPolicy(10.0, whole).begin(100.0)
    assert retries.next_wait(TROUBLE, 107.0) == 1
    assert retries.next_wait(TROUBLE, 109.0) == 1
    assert retries.next_wait(TROUBLE, 110.0) is None


def test_what_the_server_asks_for_is_kept_whole() -> None:
    retries = RetryPolicy(10.0, lambda _: 0.0).begin(0.0)
    assert retries.next_wait(RetryableError("HTTP 429", 10.0), 0.0) == 10.0


def test_or_not_begun_if_it_is_longer_than_there_is_time() -> None:
    retries = RetryPolicy(10.0, whole).begin(0.0)
    assert retries.next_wait(RetryableError("HTTP 429", 10.1), 0.0) is None


def test_a_wait_asked_for_does_not_lengthen_the_own_ones() -> None:
    retries = RetryPolicy(1000.0, whole).begin(0.0)
    retries.next_wait(RetryableError("HTTP 429", 30.0), 0.0)
    assert retries.next_wait(TROUBLE, 30.0) == 1


@given(
    st.floats(0, 1000),
    st.lists(st.tuples(st.floats(0, 100), st.none() | st.floats(0.01, 100))),
)
def test_no_attempt_begins_after_the_deadline(
    max_seconds: float, failures: list[tuple[float, float | None]]
) -> None:
    retries, now = RetryPolicy(max_seconds).begin(0.0), 0.0
    for took, asked in failures:
        now += took
        wait = retries.next_wait(RetryableError("trouble", asked), now)
        if wait is None:
            break
        assert wait >= (asked or 0.0)
        now += wait
        assert now <= max_seconds + 1e-6
