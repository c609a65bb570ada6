"""What a scenario returns: its results, and the ratios that count."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.comparison import Result


@dataclass(frozen=True, slots=True)
class Ratio:
    """A ratio of two results, with its goal.

    Attributes:
        name: What is divided by what.
    """

    name: str
    value: float
    goal: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """One scenario's results."""

    title: str
    text: str
    results: Sequence[Result]
    ratios: Sequence[Ratio] = field(default_factory=list)
