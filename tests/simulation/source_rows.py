"""The source rows that the target has read of each session, in all its runs."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from target_contentsquare.mapping.identity import MAX_ENRICHMENT_NUMBER

if TYPE_CHECKING:
    from target_contentsquare.enrichment import Key
    from tests.simulation.scenario import InputRow, SourceRow


class SourceRows:
    """Who may have an enrichment number: it counts as soon as the row is read."""

    def __init__(self) -> None:
        self._unnumbered: defaultdict[tuple[object, ...], set[SourceRow]]
        self._unnumbered = defaultdict(set)
        self._said: defaultdict[tuple[object, ...], set[Key]] = defaultdict(set)
        self._given: dict[tuple[tuple[object, ...], SourceRow], Key] = {}

    def add(self, row: InputRow) -> None:
        """Add the source row of a row."""
        if row.is_unnumbered:
            self._unnumbered[row.key[:3]].add(row.source)
        else:
            self._said[row.key[:3]].add(row.key)

    def number_given(self, row: InputRow, key: Key) -> None:
        """Note under which key a row is sent, unless another replaces it."""
        self._given[row.key[:3], row.source] = key

    def was_replaced(self, row: InputRow) -> bool:
        """Return whether a row that says its number may have overwritten a row."""
        key = self._given.get((row.key[:3], row.source))
        return key is not None and self.is_said(key)

    def is_said(self, key: Key) -> bool:
        """Return whether a row said the number of a key itself."""
        return key in self._said[key[:3]]

    def may_lack_a_number(self, row: InputRow) -> bool:
        """Return whether the other rows of a row's session may have all numbers."""
        others = self._unnumbered[row.key[:3]] - {row.source}
        return len(others) + len(self._said[row.key[:3]]) >= MAX_ENRICHMENT_NUMBER
