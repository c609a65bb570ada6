"""What tells the observer of rows: an outbox, and a file of rejected rows."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from target_contentsquare.delivery.memory.numbers import NO_NUMBER_LEFT
from target_contentsquare.delivery.outbox import Outbox

if TYPE_CHECKING:
    from target_contentsquare.delivery.batches import Row
    from target_contentsquare.delivery.origin import Origin
    from target_contentsquare.delivery.rejects import Rejection
    from target_contentsquare.enrichment import Integration, Key
    from tests.simulation.observer import Observer


class ObservedOutbox(Outbox):
    """The real outbox, observed."""

    def __init__(self, observer: Observer, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._observer = observer
        self._unnumbered = Counter[str]()

    def put(self, key: Key, integration: Integration, row: Row) -> None:
        self._observer.row_put(row.number, key)
        super().put(key, integration, row)

    def pass_over(self, row: Row) -> None:
        counts = row.counts
        unnumbered = counts.dropped[NO_NUMBER_LEFT]
        if unnumbered > self._unnumbered[counts.stream]:
            self._unnumbered[counts.stream] = unnumbered
            self._observer.row_unnumbered(row.number)
        else:
            self._observer.row_unchanged(row.number)
        super().pass_over(row)

    def tick(self) -> None:
        self._observer.expect_old_batches()
        super().tick()

    def flush(self) -> None:
        self._observer.expect_open_batches()
        super().flush()


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
