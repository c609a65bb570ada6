"""Run a scenario to its end, with a new run after each that was stopped."""

from __future__ import annotations

from collections import Counter
from random import Random

from tests.simulation.contentsquare import Contentsquare
from tests.simulation.memory import SimulatedMemory
from tests.simulation.run import SimulatedRun
from tests.simulation.scenario import (
    InputRow,
    Scenario,
    make_scenario,
    read_again,
    with_rows_corrected,
)
from tests.simulation.source_rows import SourceRows
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
    server = Contentsquare(world, SourceRows())
    memory = SimulatedMemory(world, scenario.memory) if scenario.memory else None
    for _ in range(scenario.memory.passes if scenario.memory else 1):
        scenario = _run_to_the_end(world, server, scenario, memory, events)
        _require_contents(scenario, server, events)
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
    for attempt in (*scenario.attempts, scenario.attempts[-1]):
        run = SimulatedRun(world, server, scenario, attempt, memory, events)
        first = max(first, run.execute(first) + 1)
        if run.succeeded:
            return scenario
        scenario = read_again(scenario, world.random, first)
        if run.all_refused:
            scenario = with_rows_corrected(scenario, first)
    raise GuaranteeBrokenError("the last run had no reason to fail")


def _require_contents(
    scenario: Scenario, server: Contentsquare, events: Counter[str]
) -> None:
    """Require that the last of the rows that overwrite each other is stored.

    That holds whatever stopped the runs. Only a row that the memory numbers may be
    missing: if its session had no number left, or if a row that says its number itself
    came later.
    """
    last = {
        message.target: message
        for message in scenario.messages
        if isinstance(message, InputRow) and message.outcome in {"delivered", "refused"}
    }
    for row in last.values():
        if row.outcome == "refused":
            continue
        held = server.held_of(row)
        is_held = held is not None and held[:2] == (row.version, row.value)
        if row.is_unnumbered and server.sources.was_replaced(row):
            events["row overwritten by one that says its number"] += 1
        elif held or not (row.is_unnumbered and server.sources.may_lack_a_number(row)):
            require(is_held, f"{row}: {held} is held")
