"""Which of a session's three enrichments a source row is, now and in later runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from target_contentsquare.delivery.memory.identity import source_row
from target_contentsquare.delivery.memory.store import Entry
from target_contentsquare.enrichment import UNNUMBERED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from logging import Logger

    from target_contentsquare.delivery.memory.on_its_way import OnItsWay
    from target_contentsquare.delivery.memory.store import Store
    from target_contentsquare.delivery.memory.waiting_row import WaitingRow
    from target_contentsquare.delivery.origin import Origin
    from target_contentsquare.enrichment import Key

#: Why a row is dropped: expected, so no error.
NO_NUMBER_LEFT = "no_number_left"
_NUMBERS = (1, 2, 3)


class Numbers:
    """Gives the source rows of a session the numbers 1, 2 and 3 as they come.

    A number is kept in an entry from then on, which is on the disk before the row is
    sent. The number that a row says itself is kept for it in the same way: where
    another source row had it, that gets another number when it comes again.

    Args:
        session_id_of: Returns the id of the entries of a key's session.
    """

    def __init__(
        self,
        store: Store,
        on_its_way: OnItsWay,
        session_id_of: Callable[[Key], int],
        log: Logger,
    ) -> None:
        self._store = store
        self._on_its_way = on_its_way
        self._session_id_of = session_id_of
        self._log = log

    def number(self, rows: Iterable[WaitingRow]) -> Iterator[WaitingRow]:
        """Yield rows in their order, those that need a number with one.

        A row stays unnumbered if its session has no number left.
        """
        for one in rows:
            number = (
                self._number_for(one.key, one.row) if one.key[3] == UNNUMBERED else None
            )
            yield one if number is None else one.numbered(number)

    def keep_own(self, rows: Iterable[WaitingRow]) -> Iterator[WaitingRow]:
        """Yield rows in their order, and keep the numbers that rows say themselves."""
        for one in rows:
            if one.key[3] != UNNUMBERED:
                self._keep(one.key, one.row)
            yield one

    def drop(self, origin: Origin) -> None:
        """Count a row for which there is no number left; the first one is told."""
        counts = origin.counts
        if not counts.dropped[NO_NUMBER_LEFT]:
            self._log.warning(
                "%s: its session has three enrichments, which is all that "
                "Contentsquare keeps of one: the row is dropped (%s). Others of this "
                "stream are only counted",
                origin.where,
                NO_NUMBER_LEFT,
            )
        counts.dropped[NO_NUMBER_LEFT] += 1

    def _number_for(self, key: Key, origin: Origin) -> int | None:
        session_id, row = self._session_id_of(key), source_row(origin)
        entries = self._store.entries(session_id + 1, session_id + _NUMBERS[-1])
        given = {entry.id - session_id: entry.source_row for entry in entries}
        for number, holder in given.items():
            if holder == row:
                return number
        for number in _NUMBERS:
            if number not in given:
                self._reserve(session_id + number, row, origin)
                return number
        return None

    def _keep(self, key: Key, origin: Origin) -> None:
        entry_id = self._session_id_of(key) + key[3]
        row = source_row(origin)
        entries = self._store.entries(entry_id, entry_id)
        if not entries:
            self._reserve(entry_id, row, origin)
        elif entries[0].source_row != row:
            self._store.hand_over(entry_id, row)

    def _reserve(self, entry_id: int, row: bytes, origin: Origin) -> None:
        now, run = self._on_its_way.now, self._on_its_way.run
        self._store.reserve(
            Entry(entry_id, None, row, origin.number_in_input, 0, now, run)
        )
