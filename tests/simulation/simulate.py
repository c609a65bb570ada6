"""Run a scenario to its end, with a new run after each that was stopped."""

from __future__ import annotations

from collections import Counter
from random import Random

from tests.simulation.contentsquare import Contentsquare
from tests.simulation.run import SimulatedRun
from tests.simulation.scenario import InputRow, Scenario, make_scenario
from tests.simulation.world import World, require


def simulate(seed: int) -> Counter[str]:
    """Run the scenario of a seed to its end.

    Returns:
        How often each event happened.

    Raises:
        GuaranteeBrokenError: A guarantee does not hold.
    """
    random = Random(seed)  # noqa: S311 - repeatable on purpose
    scenario = make_scenario(random)
    world, events = World(random), Counter[str]()
    server = Contentsquare(world)
    first = 0
    for attempt in scenario.attempts:
        run = SimulatedRun(world, server, scenario, attempt, events)
        first = max(first, run.execute(first) + 1)
        if run.succeeded:
            break
    require(run.succeeded, "the last run had no reason to fail")
    _require_contents(scenario, server)
    return events


def _require_contents(scenario: Scenario, server: Contentsquare) -> None:
    """Require that the last row of each key is stored, whatever stopped the runs."""
    last = {
        message.key: message
        for message in scenario.messages
        if isinstance(message, InputRow) and message.outcome in {"delivered", "refused"}
    }
    for key, row in last.items():
        if row.outcome == "delivered":
            stored = server.contents.get(key)
            require(stored == row.number, f"{key}: {stored}, not {row.number}")
