"""Requests over time, as bars to draw and as words to read out."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from target_contentsquare.sandbox.received.summaries import Outcome, RequestSummary

BARS: Final = 60
OUTCOMES: Final[tuple[Outcome, ...]] = ("delivered", "refused", "limited", "failed")
# Seconds that a bar may stand for, so that the axis reads well.
STEPS: Final = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21_600)


@dataclass(frozen=True, slots=True)
class Bar:
    """A piece of a column; the chart is `BARS` wide and 100 high.

    Attributes:
        outcome: what it counts.
        x: its left side.
        y: its upper side, from the top.
        height: in hundredths of the highest column.
    """

    outcome: Outcome
    x: int
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Chart:
    """What the page draws.

    Attributes:
        bars: the pieces of all columns that are not empty.
        highest: requests in the highest column.
        step: seconds that a column stands for.
        start: Unix seconds of the left end.
        end: Unix seconds of the right end.
        counts: requests that are drawn, by outcome.
    """

    bars: list[Bar]
    highest: int
    step: int
    start: float
    end: float
    counts: dict[Outcome, int]


def chart_of(requests: Iterable[RequestSummary], now: float) -> Chart:
    """Return the chart of the requests up to `now` (Unix seconds).

    A column stands for the shortest of `STEPS` that shows all requests.
    """
    known = list(requests)
    oldest = min((request.at for request in known), default=now)
    step = next((s for s in STEPS if now - oldest < s * (BARS - 1)), STEPS[-1])
    # Whole steps, so that columns keep their place from one drawing to the next.
    start = (int(now // step) - BARS + 1) * step
    columns = _columns(known, start, step)
    highest = max((sum(column.values()) for column in columns.values()), default=0)
    counts = {name: sum(c[name] for c in columns.values()) for name in OUTCOMES}
    bars = _bars(columns, highest)
    return Chart(bars, highest, step, start, start + BARS * step, counts)


def _columns(
    requests: Iterable[RequestSummary], start: int, step: int
) -> dict[int, Counter[Outcome]]:
    """Return the requests of each column that is not empty, from left to right."""
    columns: defaultdict[int, Counter[Outcome]] = defaultdict(Counter)
    for request in requests:
        column = int((request.at - start) // step)
        if 0 <= column < BARS:
            columns[column][request.outcome] += 1
    return dict(sorted(columns.items()))


def _bars(columns: Mapping[int, Counter[Outcome]], highest: int) -> list[Bar]:
    """Return the bars of each column, one on top of the other, delivered lowest."""
    bars = []
    for x, column in columns.items():
        top = 100.0
        for outcome in [outcome for outcome in OUTCOMES if column[outcome]]:
            height = 100 * column[outcome] / highest
            top -= height
            bars.append(Bar(outcome, x, round(top, 2), round(height, 2)))
    return bars
