"""When a request is tried again, and when no more."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from target_contentsquare.delivery.retry import (
    MAX_PAUSE_SECONDS,
    RetryPolicy,
)
from target_contentsquare.errors import RetryableError

TROUBLE = RetryableError("HTTP 503")


def whole(seconds: float) -> float:
    return seconds


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
