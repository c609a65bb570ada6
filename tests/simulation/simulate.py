"""Run a scenario to its end, with a new run after each that was stopped."""

from __future__ import annotations

from collections import Counter
from random import Random

from tests.simulation.contentsquare import Contentsquare, Stored
from tests.simulation.memory import SimulatedMemory
from tests.simulation.run import SimulatedRun
from tests.simulation.scenario import InputRow, Scenario, make_scenario, read_again
from tests.simulation.world import GuaranteeBrokenError, World, require


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
    memory = SimulatedMemory(world, scenario.memory) if scenario.memory else None
    for _ in range(scenario.memory.passes if scenario.memory else 1):
        scenario = _run_to_the_end(world, server, scenario, memory, events)
        _require_contents(scenario, server)
        scenario = read_again(scenario, random)
    if memory is not None:
        memory.close()
    return events


def _run_to_the_end(
    world: World,
    server: Contentsquare,
    scenario: Scenario,
    memory: SimulatedMemory | None,
    events: Counter[str],
) -> Scenario:
    """Run until a run succeeds; return the rows as they were read at last."""
    first = 0
    for attempt in scenario.attempts:
        run = SimulatedRun(world, server, scenario, attempt, memory, events)
        first = max(first, run.execute(first) + 1)
        if run.succeeded:
            return scenario
        scenario = read_again(scenario, world.random, first)
    raise GuaranteeBrokenError("the last run had no reason to fail")


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
            wanted = Stored(row.version, row.value)
            require(stored == wanted, f"{key}: {stored}, not {wanted}")
