"""Rows that wait to be sent, and the batches that they fill."""

from __future__ import annotations

import itertools
from collections import OrderedDict
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

from target_contentsquare.delivery.oldest_rows import OldestRows
from target_contentsquare.delivery.origin import Origin
from target_contentsquare.enrichment import Integration, encode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from target_contentsquare.delivery.oldest_rows import Place
    from target_contentsquare.enrichment import Enrichment, Key


class Row(Origin, gc=False):
    """A row that becomes an enrichment, until it is settled.

    One object for the row and what it becomes takes half the time of two.

    Attributes:
        position: Counts all enrichments of the run, from 0, and so orders them. Given
            by the outbox.
    """

    enrichment: Enrichment
    position: int = -1


class Batch:
    """Rows for one request: one project, one integration, unique keys.

    Attributes:
        size: Bytes that its rows had as they arrived, while it is filled.
        taken_out: Rows that were taken out since the others stood alone.
    """

    __slots__ = (
        "_json",
        "integration",
        "opened_at",
        "project_id",
        "rows",
        "size",
        "taken_out",
    )

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
        self.size = 0
        self.taken_out = 0
        self._json: bytes | None = None

    def encoded(self) -> bytes:
        """Return the enrichments as JSON; no row may be added any more."""
        if self._json is None:
            self._json = encode([row.enrichment for row in self.rows.values()])
        return self._json

    def set_apart(self) -> int:
        """Let each row stand alone; returns how many bytes they have more than said."""
        before = self.size
        for row in self.rows.values():
            self.size -= row.size
            row.stand_alone()
            self.size += row.size
        self.taken_out = 0
        return self.size - before

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
#: Rows that wait in all open batches, at most.
MOST_WAITING_ROWS = 20_000
#: Bytes of them, as they arrived; and of the batches that are being sent.
MOST_BYTES = 64_000_000


_size_of = attrgetter("size")


class Change(NamedTuple):
    """What a row changes, besides filling its batch.

    Attributes:
        replaced: The row with the same key that was there before.
        going: The batches that have to go: the row's own if it is full now, or the
            oldest if too much waits. Each is taken out when it is asked for, so that
            no row is missing here while the batches before it are submitted.
    """

    replaced: Row | None
    going: Iterator[Batch]


class OpenBatches:
    """Batches that are still being filled, one per project and integration.

    Where too much waits, the batches that were begun first have to go part-filled.

    Args:
        size: Rows at which a batch is full; the API takes at most 200.
        clock: Seconds that only go forward.
        most_rows: That may wait in all batches.
        most_bytes: That these rows may have, as they arrived.
    """

    def __init__(
        self,
        size: int,
        clock: Callable[[], float],
        *,
        most_rows: int = MOST_WAITING_ROWS,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        self._size = size
        self._clock = clock
        self._most_rows = most_rows
        self._most_bytes = most_bytes
        # In the order in which they were begun.
        self._open: OrderedDict[Place, Batch] = OrderedDict()
        self._oldest = OldestRows(self._open)
        self._integrations: set[Integration] = set()
        self._has_many_integrations = False
        # Most rows go where the one before went.
        self._latest = _NO_BATCH
        # Of all batches but the latest, so that a row does not have to be counted here.
        self._rows = 0
        self._bytes = 0
        # What the latest may hold before something has to go.
        self._room_for_rows = size
        self._room_for_bytes = most_bytes

    def add(self, key: Key, integration: Integration, row: Row) -> Change | None:
        """Put a row in its batch; most rows change nothing else, and get None."""
        batch = self._latest
        # Another object may be equal; then its batch is found to be the same.
        if batch.project_id != key[0] or batch.integration is not integration:
            batch = self._batch_for(key[0], integration, row)
            self._switch_to(batch)
        rows = batch.rows
        batch.size = size = batch.size + row.size
        if (
            rows.setdefault(key, row) is row
            and len(rows) < self._room_for_rows
            and size <= self._room_for_bytes
            and not self._has_many_integrations
        ):
            return None
        replaced = self._replaced_by(key, row, batch)
        return Change(replaced, self._take_due(batch))

    def open_for(self, key: Key, integration: Integration, row: Row) -> int:
        """Open the batch of a row, if need be, for this and rows of the same project.

        The row has to be put at once, one way or the other.

        Returns:
            How many rows, from this on, `fill` may be given.
        """
        if self._has_many_integrations:
            return 0
        self._switch_to(self._batch_for(key[0], integration, row))
        if self._has_many_integrations:  # since this row came
            return 0
        # One less: the row that fills the batch makes it go, and is added by itself.
        return max(0, self._room_for_rows - len(self._latest) - 1)

    def fill(self, keys: Sequence[Key], rows: Sequence[Row]) -> bool:
        """Put rows in the batch that was opened for them, all in one step.

        It takes two thirds of the time of adding each.

        Returns:
            False if none was put, since they would change more than this batch: a key
            is there twice, or too many bytes would wait.
        """
        batch = self._latest
        # To merge two dicts computes no hash.
        filled = {**batch.rows, **dict(zip(keys, rows, strict=True))}
        size = batch.size + sum(map(_size_of, rows))
        if len(filled) < len(batch) + len(rows) or size > self._room_for_bytes:
            return False
        batch.rows, batch.size = filled, size
        return True

    def _replaced_by(self, key: Key, row: Row, batch: Batch) -> Row | None:
        """Take out the earlier row with the key of one that was put into its batch."""
        if batch.rows[key] is not row:
            replaced = self._forget(batch, key)
            batch.rows[key] = row  # at the end, so that the rows stay in order
            return replaced
        if self._has_many_integrations:
            return self._take_from_other_integrations(key, batch.integration)
        return None

    def _take_due(self, batch: Batch) -> Iterator[Batch]:
        """Take out a batch if it is full, or the oldest ones while too much waits."""
        if len(batch) >= self._size:
            yield self._take((batch.project_id, batch.integration))
        elif len(batch) >= self._room_for_rows or batch.size > self._room_for_bytes:
            self._switch_to(_NO_BATCH)
            while self._rows > self._most_rows or self._bytes > self._most_bytes:
                yield self._take(next(iter(self._open)))

    def _switch_to(self, batch: Batch) -> None:
        """Make a batch the latest one, and work out how much it may hold."""
        self._rows += len(self._latest) - len(batch)
        self._bytes += self._latest.size - batch.size
        self._latest = batch
        self._room_for_rows = min(self._size, self._most_rows - self._rows + 1)
        self._room_for_bytes = self._most_bytes - self._bytes

    def _batch_for(
        self, project_id: int | None, integration: Integration, row: Row
    ) -> Batch:
        batch = self._open.get((project_id, integration))
        if batch is None:
            batch = Batch(project_id, integration, {}, self._clock())
            self._open[project_id, integration] = batch
            self._oldest.add(row.position, (project_id, integration))
            self._integrations.add(integration)
            self._has_many_integrations = len(self._integrations) > 1
        return batch

    def _take(self, place: Place) -> Batch:
        self._switch_to(_NO_BATCH)
        batch = self._open.pop(place)
        self._rows -= len(batch)
        self._bytes -= batch.size
        return batch

    def _forget(self, batch: Batch, key: Key) -> Row:
        row = batch.rows.pop(key)
        batch.size -= row.size
        batch.taken_out += 1
        # The rows that are left may keep in memory those that were taken out.
        if batch.taken_out > len(batch):
            more = batch.set_apart()
            if batch is not self._latest:
                self._bytes += more
        return row

    def _take_from_other_integrations(
        self, key: Key, integration: Integration
    ) -> Row | None:
        """The key does not tell integrations apart, so the last row of a key wins."""
        for other in self._integrations - {integration}:
            batch = self._open.get((key[0], other))
            if batch is not None and key in batch.rows:
                row = self._forget(batch, key)
                self._rows -= 1
                self._bytes -= row.size
                if not batch.rows:
                    self._take((key[0], other))
                self._switch_to(self._latest)  # which may hold more or less now
                return row
        return None

    def take_opened_before(self, moment: float) -> Iterator[Batch]:
        """Take out, one by one, the batches that were begun at `moment` or before."""
        while self._open:
            place, batch = next(iter(self._open.items()))
            if batch.opened_at > moment:
                return
            yield self._take(place)

    def take_all(self) -> Iterator[Batch]:
        """Take out all batches, one by one, the oldest rows first."""
        for place in sorted(self._open, key=self._first_position):
            yield self._take(place)

    def _first_position(self, place: Place) -> int:
        return self._open[place].first_position

    def __iter__(self) -> Iterator[Batch]:
        """Yield the batches, in the order in which they were begun."""
        return iter(self._open.values())

    @property
    def oldest_position(self) -> int | None:
        """Position of the oldest row that waits; None if none does."""
        return self._oldest.position
