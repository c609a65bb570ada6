"""What is asked of a Contentsquare that is away, and what happens when it is back."""

import itertools
from random import Random
from statistics import median

import pytest

from tests.delivery.rate.play import GivenUpError, Play, play
from tests.delivery.rate.servers import (
    Away,
    Limited,
    NeedsToken,
    Server,
    constant,
)
from tests.delivery.rate.table import SEEDS


def away(random: Random, until: float = 20.0, since: float = 0.0) -> Away:
    return Away(random, constant(random), until, since)


def signing_in(random: Random) -> NeedsToken:
    return NeedsToken(constant(random), away(random))


def test_an_api_that_is_away_for_20_s_is_asked_15_times_at_most() -> None:
    played = [
        play(away, batches=200, max_in_flight=64, seed=seed) for seed in range(SEEDS)
    ]
    asked = [sum(at < 20 for at, _ in run.starts) for run in played]
    assert 5 <= median(asked) <= 15, asked


def test_requests_are_at_full_rate_3_s_after_its_return() -> None:
    played = [
        play(away, batches=200, max_in_flight=64, seed=seed) for seed in range(SEEDS)
    ]
    assert median(run.full_rate_at(64) for run in played) <= 23


def test_while_it_is_away_one_request_at_a_time_asks() -> None:
    run = play(away, batches=200, max_in_flight=64, seed=1)
    asked = [(at, at + answer.seconds) for at, answer in run.starts if at < 20]
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


def test_a_token_endpoint_that_is_away_is_asked_15_times_at_most() -> None:
    counts = []
    for seed in range(SEEDS):
        random = Random(seed)  # noqa: S311 - repeatable on purpose
        server = signing_in(random)
        projects: dict[int | None, tuple[Server, int]] = {None: (server, 200)}
        run = Play(projects, max_in_flight=64, random=random).run()[None]
        counts.append(sum(at < 20 for at in server.requests))
        assert run.full_rate_at(64) <= 24
    assert 5 <= median(counts) <= 15, counts


def test_a_run_is_given_up_after_300_s_without_a_sign() -> None:
    with pytest.raises(GivenUpError, match="after 300 s"):
        play(
            lambda random: away(random, until=1e9),
            batches=9,
            max_in_flight=8,
            seed=1,
        )


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
