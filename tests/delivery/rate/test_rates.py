"""Whose request is next, and what holds whatever the answers are."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import pytest

from target_contentsquare.delivery.rate.project_rate import ProjectRate
from target_contentsquare.delivery.rate.rates import Rates, Turn

if TYPE_CHECKING:
    from target_contentsquare.delivery.rate.attempt import Attempt


def rates_with(max_in_flight: int = 4) -> Rates:
    return Rates(
        max_in_flight=max_in_flight,
        new_rate=lambda: ProjectRate(max_in_flight=max_in_flight, random=lambda: 0.5),
    )


def test_the_project_of_the_oldest_batch_goes_first() -> None:
    assert rates_with().next_turn(0.0, [7, 8], in_flight=0) == Turn(7, 0.0)


def test_the_project_with_the_fewest_requests_in_flight_goes_first() -> None:
    rates = rates_with()
    rates.of(7).worked(rates.of(7).started(0.0), 0.1)
    rates.of(7).started(0.1)
    assert rates.next_turn(0.1, [7, 8], in_flight=1) == Turn(8, 0.1)


def test_a_project_that_waits_lets_others_go_first() -> None:
    rates = rates_with()
    rates.of(7).failed(rates.of(7).started(0.0), 0.1, retry_after=9.0)
    assert rates.next_turn(0.1, [7, 8], in_flight=0) == Turn(8, 0.1)
    assert rates.next_turn(0.1, [7], in_flight=0) == Turn(7, 0.1 + 9.0)


def test_nobody_starts_while_all_requests_are_in_flight() -> None:
    rates = rates_with(max_in_flight=2)
    assert rates.next_turn(0.0, [9], in_flight=1) == Turn(9, 0.0)
    assert rates.next_turn(0.0, [9], in_flight=2) is None


def test_no_project_is_waited_for_once_the_run_is_told_to_stop() -> None:
    rates = rates_with()
    old = rates.of(7)
    old.failed(old.started(0.0), 0.1)
    rates.hurry(0.2)
    new = rates.of(8)
    new.failed(new.started(0.3), 0.4)
    assert rates.next_turn(0.4, [7], in_flight=0) == Turn(7, 0.4)
    assert new.gives_up_at == pytest.approx(5.3)


@pytest.mark.parametrize("seed", range(50))
def test_whatever_the_answers_are_requests_go_on_and_never_too_many(seed: int) -> None:
    random = Random(seed)  # noqa: S311 - repeatable on purpose
    rate = ProjectRate(max_in_flight=8, max_retry_seconds=1e9, random=random.random)
    now = 0.0
    attempts: list[Attempt] = []
    for _ in range(400):
        at = rate.next_start(now)
        assert at is None or at >= now
        assert at is not None or attempts, "it waits for an answer that can't come"
        if at is not None and (not attempts or (at == now and random.random() < 0.7)):
            now = at
            attempts.append(rate.started(now))
            assert rate.in_flight == len(attempts) <= 8
            continue
        now += random.expovariate(10)
        attempt = attempts.pop(random.randrange(len(attempts)))
        match random.randrange(4):
            case 0:
                rate.worked(attempt, now)
            case 1:
                rate.throttled(attempt, now, random.choice((None, 0.5, 3.0)))
            case 2:
                rate.failed(attempt, now, random.choice((None, 0.5, 3.0)))
            case _:
                rate.forget(attempt)
        assert 1 <= rate.parallel <= 8
        assert rate.per_second is None or rate.per_second >= 0.5
