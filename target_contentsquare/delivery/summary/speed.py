"""How many rows a second are read."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

#: A rate over less time than this would jump.
_MEASURED_SECONDS = 1.0


class Speed:
    """Measures rows a second, over a second or more since the last measurement.

    Args:
        clock: Seconds that only go forward.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._measured_at = clock()
        self._rows = 0
        self._per_second = 0.0

    def of(self, rows: int) -> float:
        """Return rows a second.

        Args:
            rows: So far.
        """
        now = self._clock()
        seconds = now - self._measured_at
        if seconds >= _MEASURED_SECONDS:
            self._per_second = (rows - self._rows) / seconds
            self._measured_at, self._rows = now, rows
        return self._per_second
