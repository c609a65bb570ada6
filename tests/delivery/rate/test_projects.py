"""Several projects share the requests in flight, and each has its own rate."""

from random import Random
from statistics import median

from tests.delivery.rate.play import Play, play
from tests.delivery.rate.servers import Busy, Limited, Server, constant
from tests.delivery.rate.table import SEEDS


def seconds_beside(seed: int, make_other: str) -> float:
    random = Random(seed)  # noqa: S311 - repeatable on purpose
    others: dict[str, Server] = {
        "limited": Limited(random, rate=2, burst=1),
        "limited, Retry-After": Limited(random, rate=2, burst=1, retry_after=1),
        "slow": Busy(random, lambda *_: 30.0),
    }
    projects: dict[int | None, tuple[Server, int]] = {
        1: (constant(random), 200),
        2: (others[make_other], 200),
    }
    return Play(projects, max_in_flight=16, random=random).run()[1].seconds


def seconds_alone(seed: int) -> float:
    return play(constant, batches=200, max_in_flight=16, seed=seed).seconds


def test_a_project_is_not_slowed_by_one_that_is_limited_to_2_a_second() -> None:
    alone = median(seconds_alone(seed) for seed in range(SEEDS))
    for other in ("limited", "limited, Retry-After"):
        beside = median(seconds_beside(seed, other) for seed in range(SEEDS))
        assert beside <= 1.10 * alone, other


def test_a_project_whose_answers_take_30_s_leaves_half_of_the_requests() -> None:
    assert seconds_beside(1, "slow") <= 2.2 * seconds_alone(1)


def test_all_projects_together_keep_to_the_setting() -> None:
    random = Random(1)  # noqa: S311 - repeatable on purpose
    servers = [constant(random) for _ in range(20)]
    run = Play(
        {number: (server, 20) for number, server in enumerate(servers)},
        max_in_flight=16,
        random=random,
    )
    together = sum(measured.in_flight_seconds for measured in run.run().values())
    seconds = max(measured.seconds for measured in run.run().values())
    assert together / seconds <= 16
    assert run.rates.in_flight == 0
