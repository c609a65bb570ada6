"""Small charts as SVG."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator, Sequence


def bar_chart(columns: Sequence[Counter[str]], words: str) -> str:
    """Return a chart of columns whose bars stand one on top of the other.

    Args:
        columns: From left to right: the amount of each class, the lowest first.
        words: The same for those who can't see it.
    """
    highest = max((column.total() for column in columns), default=0) or 1
    bars = "".join(
        bar for x, column in enumerate(columns) for bar in _bars(x, column, highest)
    )
    return (
        f'<svg viewBox="0 0 {max(len(columns), 1)} 100" preserveAspectRatio="none" '
        f'role="img" aria-label="{escape(words)}">{bars}</svg>'
    )


def _bars(x: int, column: Counter[str], highest: int) -> Iterator[str]:
    top = 100.0
    for name, amount in column.items():
        height = 100 * amount / highest
        top -= height
        yield (
            f'<rect class="{name}" x="{x + 0.1:.1f}" y="{top:.2f}" width="0.8" '
            f'height="{height:.2f}"/>'
        )
