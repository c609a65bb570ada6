"""The rows that are not settled, so that entries say what Contentsquare holds.

An entry is marked before something else is sent for its key. Its fingerprint is
written when Contentsquare took the newest row of its key that was put: of an older one
it is not known for how long Contentsquare will hold it, only that something was
delivered. So an entry with a fingerprint is true, whenever the run is killed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from target_contentsquare.delivery.memory.identity import run_number, source_row
from target_contentsquare.delivery.memory.store import Entry

if TYPE_CHECKING:
    from collections.abc import Iterator

    from target_contentsquare.delivery.batches import Batch
    from target_contentsquare.delivery.clock import Clock
    from target_contentsquare.delivery.memory.store import Store
    from target_contentsquare.delivery.origin import Origin
    from target_contentsquare.enrichment import Key


class Newest(NamedTuple):
    """The newest row of a key that is not settled."""

    position: int
    id: int
    fingerprint: bytes
    origin: Origin


class OnItsWay:
    """Knows the newest unsettled row of each key, and writes entries.

    Attributes:
        rows: By key; as many as there are unsettled keys.
        run: See `identity.run_number`.
    """

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self.rows: dict[Key, Newest] = {}
        self.run = run_number(clock.started_at)

    @property
    def now(self) -> int:
        """Unix seconds."""
        return int(self._clock.now.timestamp())

    def before_sending(self) -> None:
        """Make sure that no entry says what will not be true any more.

        Raises:
            OutputError: The file can't be written.
        """
        self._store.commit_marks()

    def note_delivered(self, batch: Batch) -> None:
        """Write entries for what Contentsquare took.

        Raises:
            OutputError: The file can't be written.
        """
        self._store.save(self._entries(batch))

    def note_rejected(self, batch: Batch) -> None:
        """Take rows off that are settled, and that Contentsquare did not take."""
        for key, row in batch.rows.items():
            newest = self.rows.get(key)
            if newest is not None and newest.position == row.position:
                del self.rows[key]

    def _entries(self, batch: Batch) -> Iterator[Entry]:
        now = self.now
        for key, row in batch.rows.items():
            newest = self.rows.get(key)
            if newest is None:
                continue
            is_newest = newest.position == row.position
            if is_newest:
                del self.rows[key]
            yield Entry(
                newest.id,
                newest.fingerprint if is_newest else None,
                source_row(newest.origin),
                newest.origin.number_in_input,
                batch.integration.version,
                now,
                self.run,
            )
