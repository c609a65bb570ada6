"""Runs that are not told by the seconds of one project."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

from tests.delivery.rate.play import Play, play
from tests.delivery.rate.servers import Away, Busy, Limited, NeedsToken, constant

if TYPE_CHECKING:
    from tests.delivery.rate.servers import Server

#: How long the server is away, from the start of the run.
AWAY_SECONDS = 20.0

#: Projects beside which another one is measured.
NEIGHBOURS = ("limited", "limited, Retry-After", "slow")


def away(random: Random, until: float = AWAY_SECONDS, since: float = 0.0) -> Away:
    """Return a server that is away for a time."""
    return Away(random, constant(random), until, since)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a server sees that is away.

    Attributes:
        requests: While it was away.
        full_rate_after: Seconds from its return until 64 requests were in flight.
    """

    requests: int
    full_rate_after: float


def ask_while_away(seed: int) -> Asked:
    """Send 200 batches to an API that answers 503 for 20 s."""
    run = play(away, batches=200, max_in_flight=64, seed=seed)
    requests = sum(at < AWAY_SECONDS for at, _ in run.starts)
    return Asked(requests, run.full_rate_at(64) - AWAY_SECONDS)


def sign_in_while_away(seed: int) -> Asked:
    """Send 200 batches where the token endpoint answers 503 for 20 s."""
    random = Random(seed)  # noqa: S311 - repeatable on purpose
    server = NeedsToken(constant(random), away(random))
    projects: dict[int | None, tuple[Server, int]] = {None: (server, 200)}
    run = Play(projects, max_in_flight=64, random=random).run()[None]
    requests = sum(at < AWAY_SECONDS for at in server.requests)
    return Asked(requests, run.full_rate_at(64) - AWAY_SECONDS)


def seconds_beside(seed: int, neighbour: str) -> float:
    """Return the seconds of 200 batches while another project has 200 as well."""
    random = Random(seed)  # noqa: S311 - repeatable on purpose
    neighbours: dict[str, Server] = {
        "limited": Limited(random, rate=2, burst=1),
        "limited, Retry-After": Limited(random, rate=2, burst=1, retry_after=1),
        "slow": Busy(random, lambda *_: 30.0),
    }
    projects: dict[int | None, tuple[Server, int]] = {
        1: (constant(random), 200),
        2: (neighbours[neighbour], 200),
    }
    return Play(projects, max_in_flight=16, random=random).run()[1].seconds


def seconds_alone(seed: int) -> float:
    """Return the seconds of the same 200 batches without another project."""
    return play(constant, batches=200, max_in_flight=16, seed=seed).seconds
