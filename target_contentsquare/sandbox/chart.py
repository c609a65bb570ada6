"""Requests over time, as bars to draw and as words to read out."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from target_contentsquare.sandbox.ledger import Outcome, RequestSummary

BARS: Final = 60
OUTCOMES: Final[tuple[Outcome, ...]] = ("delivered", "refused", "disturbed")
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
    """Draw requests up to `now` (Unix seconds), all of them if 60 columns allow."""
    known = list(requests)
    oldest = min((request.at for request in known), default=now)
    step = next((s for s in STEPS if now - oldest < s * (BARS - 1)), STEPS[-1])
    # Columns keep their place from one drawing to the next.
    last = int(now // step)
    columns: Counter[tuple[int, Outcome]] = Counter()
    for request in known:
        column = int(request.at // step) - last + BARS - 1
        if 0 <= column < BARS:
            columns[column, request.outcome] += 1
    heights: Counter[int] = Counter()
    for (column, _), count in columns.items():
        heights[column] += count
    highest = max(heights.values(), default=0)
    end = (last + 1) * step
    counts = {outcome: _count(columns, outcome) for outcome in OUTCOMES}
    return Chart(_bars(columns, highest), highest, step, end - BARS * step, end, counts)


def _count(columns: Counter[tuple[int, Outcome]], outcome: Outcome) -> int:
    return sum(count for (_, kind), count in columns.items() if kind == outcome)


def _bars(columns: Counter[tuple[int, Outcome]], highest: int) -> list[Bar]:
    """Pile the outcomes of each column on top of each other, delivered lowest."""
    bars = []
    for column in sorted({column for column, _ in columns}):
        top = 100.0
        for outcome in OUTCOMES:
            height = 100 * columns[column, outcome] / highest
            top -= height
            if height:
                bars.append(Bar(outcome, column, round(top, 2), round(height, 2)))
    return bars
