"""What one project's requests may do, told event by event."""

import doctest

import pytest

from target_contentsquare.delivery.rate import project_rate
from target_contentsquare.delivery.rate.project_rate import ProjectRate


def rate_with(*, max_retry_seconds: float = 300.0, **settings: float) -> ProjectRate:
    return ProjectRate(
        max_in_flight=8,
        max_retry_seconds=max_retry_seconds,
        random=lambda: 0.5,
        **settings,
    )


def working_rate(**settings: float) -> ProjectRate:
    """A rate that has seen a request succeed at 0.1 s."""
    rate = rate_with(**settings)
    rate.worked(rate.started(0.0), 0.1)
    return rate


def test_the_example_in_the_docstring_is_true() -> None:
    assert doctest.testmod(project_rate).failed == 0


def test_the_first_request_goes_alone() -> None:
    rate = rate_with()
    first = rate.started(0.0)
    assert rate.next_start(0.05) is None
    rate.worked(first, 0.1)
    assert rate.next_start(0.1) == 0.1


def test_a_retry_after_stops_all_requests() -> None:
    rate = working_rate()
    refused, _ = rate.started(0.1), rate.started(0.1)
    rate.throttled(refused, 0.2, retry_after=7.0)
    assert rate.next_start(0.2) == pytest.approx(7.2)


def test_a_retry_after_of_a_503_stops_all_requests_too() -> None:
    rate = working_rate()
    rate.failed(rate.started(0.2), 0.3, retry_after=7.0)
    assert rate.is_away
    assert rate.next_start(0.3) == pytest.approx(7.3)


def test_waits_double_while_contentsquare_is_away() -> None:
    rate, now, waits = rate_with(), 0.0, []
    for _ in range(8):
        rate.failed(rate.started(now), now)
        at = rate.next_start(now)
        assert at is not None
        waits.append(at - now)
        now = at
    assert waits == pytest.approx([0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 2, 2])


def test_the_last_request_asks_when_the_time_is_up() -> None:
    rate, now = rate_with(max_retry_seconds=4), 0.0
    starts = [now]
    while not rate.is_over:
        rate.failed(rate.started(now), now)
        now = rate.next_start(now) or now
        starts.append(now)
    assert starts[5:8] == pytest.approx([1.55, 3.15, 4])


def test_the_time_begins_with_the_failure_not_with_the_last_success() -> None:
    """A tap that gave nothing for ten minutes is no sign that the API is away."""
    rate = working_rate()
    rate.failed(rate.started(600.0), 600.1)
    assert not rate.is_over
    assert rate.gives_up_at == 900.0


def test_a_success_begins_the_time_anew() -> None:
    rate = working_rate()
    rate.failed(rate.started(10.0), 10.1)
    rate.worked(rate.started(200.0), 200.1)
    assert rate.gives_up_at is None
    assert not rate.is_away


def test_a_wait_that_is_longer_than_what_is_left_is_over_at_once() -> None:
    rate = working_rate()
    rate.throttled(rate.started(1.0), 1.1, retry_after=600.0)
    assert rate.is_over
    assert rate.resumes_at == pytest.approx(601.1)


def test_answers_that_only_say_too_many_requests_are_no_sign_that_it_works() -> None:
    rate, now = rate_with(max_retry_seconds=30), 0.0
    while not rate.is_over:
        rate.throttled(rate.started(now), now)
        now = rate.next_start(now) or now
        assert now < 31


def test_max_per_second_is_kept_from_the_start() -> None:
    rate, now, starts = rate_with(max_per_second=4.0), 0.0, 0
    while now < 10:
        rate.worked(rate.started(now), now)
        starts += 1
        now = rate.next_start(now) or now
    assert starts <= 41


def test_a_refusal_lowers_a_set_limit_and_success_raises_it_no_further() -> None:
    rate, now = rate_with(max_per_second=4.0), 0.0
    for number in range(200):
        attempt = rate.started(now)
        if number == 10:
            rate.throttled(attempt, now)
            assert rate.per_second is not None
            assert rate.per_second < 4
        else:
            rate.worked(attempt, now)
        now = rate.next_start(now) or now
    assert rate.per_second == 4


def test_nothing_limits_the_rate_before_there_was_a_refusal() -> None:
    assert working_rate().per_second is None


def test_a_forgotten_request_makes_room_and_changes_nothing() -> None:
    rate = rate_with()
    rate.forget(rate.started(0.0))
    assert rate.in_flight == 0
    assert rate.next_start(0.0) == 0.0
    assert rate.gives_up_at is None


def test_a_run_that_is_told_to_stop_does_not_wait_out_an_absence() -> None:
    rate = rate_with()
    for _ in range(9):
        now = rate.next_start(100.0) or 100.0
        rate.failed(rate.started(now), now)
    rate.hurry(101.0)
    assert rate.next_start(101.0) == 101.0
    now = 101.0
    while not rate.is_over:
        rate.failed(rate.started(now), now)
        now = rate.next_start(now) or now
    assert now <= 106.5


def test_a_run_that_is_told_to_stop_keeps_to_what_was_learnt() -> None:
    rate = working_rate()
    refused, works = rate.started(1.0), rate.started(1.0)
    rate.throttled(refused, 1.02)
    rate.worked(works, 1.02)
    rate.hurry(1.02)
    assert rate.next_start(1.02) == pytest.approx(1 + 1 / 16)
