"""A simulated file of rejected rows that knows which rows a crash would lose."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from target_contentsquare.delivery.origin import Origin
    from target_contentsquare.delivery.rejects import Rejection
    from tests.simulation.observer import Observer


class RejectedRows:
    """A substitute for `RejectedFile`, in which a row is its number.

    Attributes:
        rows: How many rows were written.
        not_synced: Numbers of the rows that a crash could lose.
    """

    def __init__(self, observer: Observer) -> None:
        self.rows = 0
        self.not_synced: list[int] = []
        self._observer = observer

    def write(self, origin: Origin, rejection: Rejection) -> None:
        """Append a row."""
        self.rows += 1
        self.not_synced.append(origin.number)
        self._observer.row_rejected(origin.number, rejection.reason)

    def sync(self) -> None:
        """Make the rows safe from a crash."""
        self.not_synced.clear()

    def close(self) -> None:
        """Make the rows safe from a crash, as the real file does when it closes."""
        self.sync()
