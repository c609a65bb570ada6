"""Whose request is next, over all projects."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from target_contentsquare.delivery.rate.project_rate import ProjectRate


@dataclass(frozen=True, slots=True)
class Turn:
    """The next request.

    Attributes:
        project_id: The project it goes to.
        at: When it may start: now, or later.
    """

    project_id: int | None
    at: float


class Rates:
    """Shares the requests in flight among projects, each with its own learnt rate.

    Args:
        max_in_flight: Requests at the same time, all projects together.
        new_rate: Makes the rate of a project that is seen for the first time.
    """

    def __init__(
        self, *, max_in_flight: int, new_rate: Callable[[], ProjectRate]
    ) -> None:
        self._max_in_flight = max_in_flight
        self._new_rate = new_rate
        self._rates: dict[int | None, ProjectRate] = {}
        self._hurried_at: float | None = None

    def of(self, project_id: int | None) -> ProjectRate:
        """Return the rate of a project."""
        rate = self._rates.get(project_id)
        if rate is None:
            rate = self._rates[project_id] = self._new_rate()
            if self._hurried_at is not None:
                rate.hurry(self._hurried_at)
        return rate

    @property
    def per_second(self) -> float | None:
        """Requests a second that all projects together may start; None: no limit."""
        limits = [rate.per_second for rate in self._rates.values()]
        known = [limit for limit in limits if limit is not None]
        return sum(known) if known and len(known) == len(limits) else None

    def next_turn(
        self, now: float, waiting: Iterable[int | None], *, in_flight: int
    ) -> Turn | None:
        """Return which of the projects with waiting batches starts a request next.

        Of those that may start now it is the one with the fewest in flight, so that a
        project with slow answers leaves room for the others; then the first one given.

        Args:
            waiting: The projects, that of the oldest batch first.
            in_flight: Requests in flight, all projects together.

        Returns:
            None if an answer has to come first.
        """
        if in_flight >= self._max_in_flight:
            return None
        best: Turn | None = None
        best_order = (math.inf, math.inf)
        for project_id in waiting:
            rate = self.of(project_id)
            at = rate.next_start(now)
            if at is not None and (at, rate.in_flight) < best_order:
                best, best_order = Turn(project_id, at), (at, rate.in_flight)
        return best

    def hurry(self, now: float) -> None:
        """End the waits of all projects; see `ProjectRate.hurry`."""
        self._hurried_at = now
        for rate in self._rates.values():
            rate.hurry(now)
