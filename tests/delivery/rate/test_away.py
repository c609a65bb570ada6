"""What is asked of a Contentsquare that is away, and what happens when it is back."""

import itertools
from statistics import median

import pytest

from tests.delivery.rate.further_runs import (
    AWAY_SECONDS,
    ask_while_away,
    away,
    sign_in_while_away,
)
from tests.delivery.rate.play import GivenUpError, play
from tests.delivery.rate.servers import Limited
from tests.delivery.rate.table import SEEDS


@pytest.mark.parametrize("ask", [ask_while_away, sign_in_while_away])
def test_what_is_away_for_20_s_is_asked_15_times_at_most(ask: type) -> None:
    asked = [ask(seed) for seed in range(SEEDS)]
    assert 5 <= median(each.requests for each in asked) <= 15, asked
    assert median(each.full_rate_after for each in asked) <= 3, asked


def test_while_it_is_away_one_request_at_a_time_asks() -> None:
    run = play(away, batches=200, max_in_flight=64, seed=1)
    asked = [
        (at, at + answer.seconds) for at, answer in run.starts if at < AWAY_SECONDS
    ]
    assert all(end <= start for (_, end), (start, _) in itertools.pairwise(asked))


def test_an_api_that_goes_away_in_the_middle_is_asked_as_rarely() -> None:
    asked = []
    for seed in range(SEEDS):
        run = play(
            lambda random: away(random, since=5.0, until=25.0),
            batches=1200,
            max_in_flight=16,
            seed=seed,
        )
        # Those that were in flight together fail together.
        asked.append(sum(5.3 < at < 25 for at, _ in run.starts))
    assert 5 <= median(asked) <= 15, asked


def test_a_run_is_given_up_after_300_s_without_a_sign() -> None:
    with pytest.raises(GivenUpError, match="after 300 s"):
        play(lambda random: away(random, until=1e9), batches=9, max_in_flight=8, seed=1)


def test_a_long_absence_is_asked_more_and_more_rarely() -> None:
    run = play(
        lambda random: away(random, until=290.0), batches=9, max_in_flight=8, seed=1
    )
    assert sum(at < 290 for at, _ in run.starts) < 50


def test_no_batch_gives_up_while_others_get_through() -> None:
    """Refusals for far longer than `max_retry_seconds` are no reason to fail."""
    run = play(
        lambda random: Limited(random, rate=2, burst=1, retry_after=1),
        batches=1500,
        max_in_flight=16,
        seed=1,
    )
    assert run.seconds > 700
