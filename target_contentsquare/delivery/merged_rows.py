"""Rows that a later row replaced before they were sent: the same one, or another?"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from logging import Logger

    from target_contentsquare.delivery.origin import Origin


class MergedRows:
    """Counts replaced rows; warns once a stream where another row replaced one."""

    def __init__(self, log: Logger) -> None:
        self._log = log

    def add(self, replaced: Origin, by: Origin) -> None:
        """Take note of a row that a later one replaced."""
        counts = replaced.counts
        counts.merged += 1
        if _is_same_row(replaced, by):
            return
        counts.merged_other_row += 1
        if counts.merged_other_row == 1:
            self._log.warning(
                "%s, is replaced by another row, %s: both are for the same session "
                "and enrichment number, so the first is not sent. To keep both, set "
                'enrichment_number to "auto" (with memory_path) or to a property that '
                "numbers them from 1 to 3; or make one row of them before. Said once "
                "for each stream, then counted as other_row",
                replaced.where,
                by.where,
            )


def _is_same_row(replaced: Origin, by: Origin) -> bool:
    if replaced.source.name != by.source.name:
        return False
    return bool(replaced.source.key_of(replaced.alone) == by.source.key_of(by.alone))
