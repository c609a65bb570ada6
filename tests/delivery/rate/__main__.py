"""Print the medians of the table: `python -m tests.delivery.rate`."""

import sys
from collections.abc import Callable, Iterator
from statistics import median

from tests.delivery.rate.further_runs import (
    NEIGHBOURS,
    Asked,
    ask_while_away,
    seconds_alone,
    seconds_beside,
    sign_in_while_away,
)
from tests.delivery.rate.short_runs import BATCHES, REFUSED, SHORT_RUNS, ShortRun
from tests.delivery.rate.table import FURTHER_ROWS, ROWS, SEEDS, Row, medians

HEADINGS = (
    "server",
    "batches",
    "in flight at most",
    "seconds",
    "times ideal",
    "refused",
    "mean in flight",
    "longest wait / mean",
)


def line(row: Row) -> str:
    """Return a row of the table."""
    got = medians(row)
    goal = f" (≤ {row.refused:.0%})" if row.refused < 1 else ""
    return (
        f"| {row.name} | {row.batches} | {row.max_in_flight} | {got.seconds:.1f} "
        f"| {got.time:.2f} (≤ {row.time:.2f}) | {got.refused:.1%}{goal} "
        f"| {got.in_flight:.1f} | {got.longest_wait:.1f} |"
    )


def short_line(run: ShortRun) -> str:
    """Return a row of the table of short runs."""
    seconds, refused = run.medians(SEEDS)
    return (
        f"| {run} | {seconds:.1f} (≤ {run.goal:.1f}) | {seconds / run.ideal:.2f} "
        f"| {refused:.0%} (≤ {REFUSED:.0%}) |"
    )


def asked(what: str, ask: Callable[[int], Asked]) -> str:
    """Return a line on a server that is away."""
    runs = [ask(seed) for seed in range(SEEDS)]
    return (
        f"{what} away for 20 s: asked {median(run.requests for run in runs):.0f} times "
        f"(≤ 15), full rate {median(run.full_rate_after for run in runs):.1f} s after "
        "its return (≤ 3)"
    )


def beside(neighbour: str) -> str:
    """Return a line on a project beside another one."""
    alone = median(seconds_alone(seed) for seed in range(SEEDS))
    seconds = median(seconds_beside(seed, neighbour) for seed in range(SEEDS))
    return f"beside a project that is {neighbour}: {seconds / alone:.2f} times the time"


def lines() -> Iterator[str]:
    """Return the table, and what does not fit into it."""
    yield f"| {' | '.join(HEADINGS)} |"
    yield f"|---|{'---:|' * (len(HEADINGS) - 1)}"
    yield from map(line, ROWS)
    yield from map(line, FURTHER_ROWS)
    yield ""
    yield asked("API", ask_while_away)
    yield asked("token endpoint", sign_in_while_away)
    yield from map(beside, NEIGHBOURS)
    yield ""
    yield f"| server of {BATCHES} batches | seconds | times ideal | refused |"
    yield "|---|---:|---:|---:|"
    yield from map(short_line, SHORT_RUNS)


if __name__ == "__main__":
    for each in lines():
        sys.stdout.write(f"{each}\n")
        sys.stdout.flush()
