"""Rows that wait to be sent, and the batches that they fill."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import msgspec

from target_contentsquare.enrichment import Integration

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from target_contentsquare.delivery.origin import Origin
    from target_contentsquare.enrichment import Enrichment, Key


class Row(msgspec.Struct, frozen=True, gc=False):
    """An enrichment that waits for its delivery, and the row that it comes from.

    Attributes:
        position: Counts all enrichments of the run, from 0, and so orders them.
    """

    enrichment: Enrichment
    position: int
    origin: Origin


class Batch:
    """Rows for one request: one project, one integration, unique keys."""

    __slots__ = ("integration", "opened_at", "project_id", "rows")

    def __init__(
        self,
        project_id: int | None,
        integration: Integration,
        rows: dict[Key, Row],
        opened_at: float = 0.0,
    ) -> None:
        self.project_id = project_id
        self.integration = integration
        self.rows = rows
        self.opened_at = opened_at

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def first_position(self) -> int:
        """Position of the oldest row: rows are kept in the order they were read."""
        return next(iter(self.rows.values())).position

    def halves(self) -> tuple[Batch, Batch]:
        """Split in two, in order; the first gets the odd row."""
        items = iter(self.rows.items())
        middle = (len(self.rows) + 1) // 2
        return (
            self._part(dict(itertools.islice(items, middle))),
            self._part(dict(items)),
        )

    def _part(self, rows: dict[Key, Row]) -> Batch:
        return Batch(self.project_id, self.integration, rows, self.opened_at)


#: No row belongs in it: versions are 1 or more.
_NO_BATCH = Batch(None, Integration(0), {})


class OpenBatches:
    """Batches that are still being filled, one per project and integration.

    Args:
        size: Rows at which a batch is full; the API takes at most 200.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._open: dict[tuple[int | None, Integration], Batch] = {}
        self._integrations: set[Integration] = set()
        # Most rows go where the one before went.
        self._latest = _NO_BATCH

    def add(
        self, key: Key, integration: Integration, row: Row, clock: Callable[[], float]
    ) -> tuple[Row | None, Batch | None]:
        """Put a row in its batch.

        Returns:
            The row with the same key that this one replaces, if there is one, and the
            batch if it is full now; the batch is then no longer held here.
        """
        batch = self._latest
        if batch.project_id != key[0] or batch.integration != integration:
            batch = self._latest = self._batch_for(key[0], integration, clock)
        rows = batch.rows
        replaced: Row | None = rows.setdefault(key, row)
        if replaced is not row:
            # Taken out before it is put in again, so that the rows stay in order.
            del rows[key]
            rows[key] = row
        elif len(self._integrations) > 1:
            replaced = self._take_from_other_integrations(key, integration)
        else:
            replaced = None
        if len(rows) < self._size:
            return replaced, None
        return replaced, self._take((key[0], integration))

    def _batch_for(
        self,
        project_id: int | None,
        integration: Integration,
        clock: Callable[[], float],
    ) -> Batch:
        batch = self._open.get((project_id, integration))
        if batch is None:
            batch = Batch(project_id, integration, {}, clock())
            self._open[project_id, integration] = batch
            self._integrations.add(integration)
        return batch

    def _take(self, place: tuple[int | None, Integration]) -> Batch:
        self._latest = _NO_BATCH
        return self._open.pop(place)

    def _take_from_other_integrations(
        self, key: Key, integration: Integration
    ) -> Row | None:
        """The key does not tell integrations apart, so the last row of a key wins."""
        for other in self._integrations - {integration}:
            batch = self._open.get((key[0], other))
            if batch is not None and key in batch.rows:
                row = batch.rows.pop(key)
                if not batch.rows:
                    self._take((key[0], other))
                return row
        return None

    def take_opened_before(self, moment: float) -> Iterator[Batch]:
        """Take out, one by one, the batches that were begun at `moment` or before."""
        for place in [p for p, b in self._open.items() if b.opened_at <= moment]:
            yield self._take(place)

    def take_all(self) -> Iterator[Batch]:
        """Take out all batches, one by one, the oldest rows first."""
        for place in sorted(self._open, key=self._first_position):
            yield self._take(place)

    def _first_position(self, place: tuple[int | None, Integration]) -> int:
        return self._open[place].first_position

    def __iter__(self) -> Iterator[Batch]:
        return iter(self._open.values())
