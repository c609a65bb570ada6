"""Run a scenario to its end, with a new run after each that was stopped."""

from __future__ import annotations

from collections import Counter
from random import Random

from target_contentsquare.enrichment import UNNUMBERED
from target_contentsquare.mapping.identity import MAX_ENRICHMENT_NUMBER
from tests.simulation.contentsquare import Contentsquare, Stored
from tests.simulation.memory import SimulatedMemory
from tests.simulation.observer import SourceRows
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
    world, events, sources = World(random), Counter[str](), SourceRows()
    server = Contentsquare(world)
    memory = SimulatedMemory(world, scenario.memory) if scenario.memory else None
    for _ in range(scenario.memory.passes if scenario.memory else 1):
        scenario = _run_to_the_end(world, server, scenario, memory, sources, events)
        _require_contents(scenario, server, sources)
        scenario = read_again(scenario, random)
    if memory is not None:
        memory.close()
    return events


def _run_to_the_end(  # noqa: PLR0913, PLR0917 - what all runs share
    world: World,
    server: Contentsquare,
    scenario: Scenario,
    memory: SimulatedMemory | None,
    sources: SourceRows,
    events: Counter[str],
) -> Scenario:
    """Run until a run succeeds; return the rows as they were read at last."""
    first = 0
    for attempt in scenario.attempts:
        run = SimulatedRun(world, server, scenario, attempt, memory, sources, events)
        first = max(first, run.execute(first) + 1)
        if run.succeeded:
            return scenario
        scenario = read_again(scenario, world.random, first)
    raise GuaranteeBrokenError("the last run had no reason to fail")


def _require_contents(
    scenario: Scenario, server: Contentsquare, sources: SourceRows
) -> None:
    """Require that the last of the rows that overwrite each other is stored.

    That holds whatever stopped the runs. Only a row for which its session had no number
    left may be missing.
    """
    last = {
        message.target: message
        for message in scenario.messages
        if isinstance(message, InputRow) and message.outcome in {"delivered", "refused"}
    }
    for row in last.values():
        stored = server.held_of(row)
        if row.outcome == "refused" or (
            stored is None and _has_no_number(row, sources)
        ):
            continue
        wanted = Stored(row.version, row.value, row.source)
        require(stored == wanted, f"{row.target}: {stored}, not {wanted}")


def _has_no_number(row: InputRow, sources: SourceRows) -> bool:
    """Return whether a row is one of so many that it may be left without a number."""
    source_rows = sources.of_session(row.key)
    return row.key[3] == UNNUMBERED and len(source_rows) > MAX_ENRICHMENT_NUMBER
