"""What a row goes through before the outbox: what was delivered before stays here."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from target_contentsquare.delivery.memory.identity import (
    entry_ids,
    fingerprint,
    session_id,
)
from target_contentsquare.delivery.memory.numbers import Numbers
from target_contentsquare.delivery.memory.on_its_way import Newest
from target_contentsquare.delivery.memory.superseded import (
    SUPERSEDED,
    EarlierRejection,
    is_superseded,
)
from target_contentsquare.delivery.memory.waiting_row import WaitingRow
from target_contentsquare.enrichment import UNNUMBERED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from logging import Logger

    from target_contentsquare.delivery.batches import Row
    from target_contentsquare.delivery.memory.on_its_way import OnItsWay
    from target_contentsquare.delivery.memory.store import Place, Store
    from target_contentsquare.delivery.outbox import Outbox
    from target_contentsquare.enrichment import Integration, Key

# One query for so many rows takes two thirds of the time of a query for each. SQLite
# before 3.32 takes no more than 999 values in a query.
ROWS_AT_ONCE = 500


class Recall:
    """Settles the rows whose values Contentsquare holds, and puts the others.

    Rows wait until there are 500, or until `tick`, to be looked up together.

    Args:
        place_of: Returns the place of a project; None: the credentials' own.
        gives_numbers: Whether a stream's rows are to be given enrichment numbers.
        resends: Whether all rows are sent, whatever the memory says.
        rows_at_once: How many rows are looked up together.

    Attributes:
        is_retrying: Whether the rows are those that earlier runs rejected.
    """

    def __init__(  # noqa: PLR0913 - made by `Memory` only
        self,
        outbox: Outbox,
        store: Store,
        on_its_way: OnItsWay,
        place_of: Callable[[int | None], Place],
        *,
        log: Logger,
        gives_numbers: bool = False,
        resends: bool = False,
        rows_at_once: int = ROWS_AT_ONCE,
    ) -> None:
        self._outbox = outbox
        self._store = store
        self._on_its_way = on_its_way
        self._place_of = place_of
        self._resends = resends
        self._rows_at_once = rows_at_once
        self._places: dict[int | None, int] = {}
        self._numbers = (
            Numbers(store, on_its_way, self._session_id, log) if gives_numbers else None
        )
        self.is_retrying = False
        self._retried: dict[Key, EarlierRejection] = {}
        self._waiting: list[WaitingRow] = []

    def put(self, key: Key, integration: Integration, row: Row) -> None:
        """Take a row; see `Outbox.put`.

        Raises:
            FatalError: A batch can't be delivered, or the memory can't be used.
        """
        self._waiting.append(WaitingRow(key, integration, row))
        if len(self._waiting) >= self._rows_at_once:
            self._look_up()

    def put_all(
        self, keys: Sequence[Key], integration: Integration, rows: Sequence[Row]
    ) -> None:
        """Take rows; see `Outbox.put_all`.

        Raises:
            FatalError: A batch can't be delivered, or the memory can't be used.
        """
        for key, row in zip(keys, rows, strict=True):
            self.put(key, integration, row)

    def tick(self) -> None:
        """See `Outbox.tick`."""
        self._look_up()
        self._outbox.tick()

    def flush(self) -> None:
        """See `Outbox.flush`."""
        self._look_up()
        self._outbox.flush()

    @property
    def position(self) -> int:
        """Enrichments so far; the position of the next one."""
        return self._outbox.position + len(self._waiting)

    def _look_up(self) -> None:
        """Put the rows that wait, but for those that are unchanged or have no number.

        All entries are marked before the first row is put: to put one may mean to wait,
        and what is delivered meanwhile may be older than a row of this lot.
        """
        waiting, self._waiting = self._waiting, []
        rows = [*self._to_settle(waiting)]
        found = [*zip(rows, self._find_changed(rows), strict=True)]
        self._note_held(one for one, is_changed in found if not is_changed)
        for one, is_changed in found:
            if is_changed:
                # Those that came with it may all be unchanged.
                one.row.stand_alone()
                self._outbox.put(one.key, one.integration, one.row)
            else:
                self._pass_over(one)

    def _note_held(self, unchanged: Iterable[WaitingRow]) -> None:
        last = None
        for one in unchanged:
            place = one.key[0], one.integration.version
            # Most rows are for the same project as the one before.
            if place != last and one.key[3] != UNNUMBERED:
                self._outbox.note_held(*place)
                last = place

    def _pass_over(self, one: WaitingRow) -> None:
        if self._numbers is not None and one.key[3] == UNNUMBERED:
            self._numbers.drop(one.row)
        else:
            one.row.counts.unchanged += 1
        self._outbox.pass_over(one.row)

    def _to_settle(self, waiting: Iterable[WaitingRow]) -> Iterable[WaitingRow]:
        """Return rows with their numbers, but for those that are superseded.

        A row that is superseded does not take a number from the newer one.
        """
        rows = self._numbers.number(waiting) if self._numbers else waiting
        if self.is_retrying:
            rows = self._not_superseded(rows)
        else:
            self._retried.clear()
        return self._numbers.keep_own(rows) if self._numbers else rows

    def _find_changed(self, rows: Sequence[WaitingRow]) -> list[bool]:
        """Return which rows are to be sent, and mark their entries."""
        ids = self._entry_ids(rows)
        known = self._store.fingerprints(ids) if rows else {}
        first, on_its_way = self._outbox.position, self._on_its_way.rows
        changed, marks = [False] * len(rows), []
        for index, (one, entry_id) in enumerate(zip(rows, ids, strict=True)):
            current = fingerprint(one.integration, one.row.enrichment)
            remembered = known.get(entry_id)
            is_known = remembered == current and not self._resends
            if is_known or one.key[3] == UNNUMBERED:
                continue
            changed[index] = True
            on_its_way[one.key] = Newest(first + index, entry_id, current, one.row)
            if remembered is not None:
                marks.append(entry_id)
                del known[entry_id]
        if marks:
            self._store.mark(marks)
        return changed

    def _not_superseded(self, rows: Iterable[WaitingRow]) -> Iterator[WaitingRow]:
        """Yield rows but for those over whose key something newer was written."""
        for one in rows:
            if self._is_superseded(one):
                one.row.counts.dropped[SUPERSEDED] += 1
                self._outbox.pass_over(one.row)
            else:
                yield one

    def _is_superseded(self, one: WaitingRow) -> bool:
        row = one.row
        rejection = row.source.earlier_rejection(row.alone)
        if rejection is None:
            return False
        rejection = replace(rejection, stream=row.counts.stream)
        # After a crash, the rows of a file may be in another order than they came in.
        if rejection.is_older(self._retried.get(one.key, rejection)):
            return True
        (entry_id,) = self._entry_ids([one])
        entries, run = self._store.entries(entry_id, entry_id), self._on_its_way.run
        if any(is_superseded(rejection, row, entry, run) for entry in entries):
            return True
        self._retried[one.key] = rejection
        return False

    def _entry_ids(self, rows: Sequence[WaitingRow]) -> list[int]:
        keys = [one.key for one in rows]
        projects = {key[0] for key in keys}
        places = {project: self._place(project) for project in projects}
        return entry_ids(keys, places)

    def _session_id(self, key: Key) -> int:
        project_id, user_id, session_number, _ = key
        return session_id(self._place(project_id), user_id, session_number)

    def _place(self, project_id: int | None) -> int:
        place = self._places.get(project_id)
        if place is None:
            place = self._store.place(self._place_of(project_id))
            self._places[project_id] = place
        return place
