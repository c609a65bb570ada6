"""A scenario from its first row to its end, with a new run after each that stopped."""

from __future__ import annotations

from collections import Counter
from random import Random

from tests.simulation.contentsquare import Contentsquare
from tests.simulation.run import SimulatedRun
from tests.simulation.scenario import Given, Scenario, scenario
from tests.simulation.world import World, demand


def play(seed: int) -> Counter[str]:
    """Play a seed's scenario to its end.

    Returns:
        What happened, and how often.

    Raises:
        Violation: A guarantee does not hold.
    """
    random = Random(seed)  # noqa: S311 - repeatable on purpose
    story = scenario(random)
    world, seen = World(random), Counter[str]()
    server = Contentsquare(world)
    first = 0
    for attempt in story.attempts:
        run = SimulatedRun(world, server, story, attempt, seen)
        first = max(first, run.play(first) + 1)
        if run.succeeded:
            break
    demand(run.succeeded, "the last run had no reason to fail")
    _demand_contents(story, server)
    return seen


def _demand_contents(story: Scenario, server: Contentsquare) -> None:
    """The last write wins, however often the target was stopped on the way."""
    last = {
        one.key: one
        for one in story.messages
        if isinstance(one, Given) and one.kind in {"good", "bad"}
    }
    for key, given in last.items():
        if given.kind == "good":
            stored = server.contents.get(key)
            demand(stored == given.number, f"{key}: {stored}, not {given.number}")
