"""Several projects share the requests in flight, and each has its own rate."""

from random import Random
from statistics import median

import pytest

from tests.delivery.rate.further_runs import seconds_alone, seconds_beside
from tests.delivery.rate.play import Play
from tests.delivery.rate.servers import constant
from tests.delivery.rate.table import SEEDS


@pytest.mark.parametrize("neighbour", ["limited", "limited, Retry-After"])
def test_a_project_is_not_slowed_by_one_that_is_limited_to_2_a_second(
    neighbour: str,
) -> None:
    alone = median(seconds_alone(seed) for seed in range(SEEDS))
    beside = median(seconds_beside(seed, neighbour) for seed in range(SEEDS))
    assert beside <= 1.10 * alone


def test_a_project_whose_answers_take_30_s_leaves_half_of_the_requests() -> None:
    assert seconds_beside(1, "slow") <= 2.2 * seconds_alone(1)


def test_all_projects_together_keep_to_the_setting() -> None:
    random = Random(1)  # noqa: S311 - repeatable on purpose
    run = Play(
        {number: (constant(random), 20) for number in range(20)},
        max_in_flight=16,
        random=random,
    )
    run.run()
    assert run.most_in_flight == 16
    assert all(run.rates.of(number).in_flight == 0 for number in range(20))
