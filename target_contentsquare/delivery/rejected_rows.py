"""Rows that can't be delivered: counted, told, kept, and how many are too many."""

from __future__ import annotations

from typing import TYPE_CHECKING

from target_contentsquare.delivery.rejects import REJECTED_BY_API
from target_contentsquare.errors import TooManyRejectedError

if TYPE_CHECKING:
    from logging import Logger

    from target_contentsquare.delivery.origin import Origin
    from target_contentsquare.delivery.rejects import Rejection, Rejects
    from target_contentsquare.delivery.summary.summary import Summary
    from target_contentsquare.errors import Fault


#: The log names this many rejected rows of a stream; the rest are counted.
ROWS_NAMED = 10


class RejectedRows:
    """Hands rejected rows to the host's `Rejects`, as long as there is room.

    Args:
        rejects: None if the user named no place for them: then the first one ends
            the run.
        limit: One more than this ends the run; None for no such limit.

    Attributes:
        is_retrying: Whether the rows are those that earlier runs rejected: these do
            not count for the limit again.
    """

    def __init__(
        self, rejects: Rejects | None, limit: int | None, summary: Summary, log: Logger
    ) -> None:
        self._rejects = rejects
        self._limit = limit
        self._summary = summary
        self._log = log
        self.is_retrying = False

    def add(self, origin: Origin, rejection: Rejection) -> None:
        """Keep a row.

        Raises:
            TooManyRejectedError: There is no place for it, or it is one too many.
            OutputError: It can't be kept.
        """
        what = f"{origin.where}, {_describe(rejection)}"
        if self._rejects is None:
            raise TooManyRejectedError(
                f"{what}: {_cure(rejection)}, or set rejected_path to keep such rows "
                "in a file and go on"
            )
        if self.is_retrying:
            self._summary.rejected_again += 1
        elif self._limit is not None and self._summary.newly_rejected >= self._limit:
            raise TooManyRejectedError(
                f"{what}: more than max_rejected ({self._limit}) rows can't be "
                "delivered: look at the reasons in rejected_path"
            )
        self._rejects.write(origin, rejection)
        origin.counts.count_rejected(rejection.faults)
        if origin.counts.rejected.total() <= ROWS_NAMED:
            self._log.warning("Rejected: %s", what)

    def close(self) -> None:
        """Leave what was kept whole on the disk, and log how many were not named."""
        if self._rejects is not None:
            self._rejects.close()
        for name, counts in self._summary.streams.items():
            not_named = counts.rejected.total() - ROWS_NAMED
            if not_named > 0:
                self._log.warning(
                    "Rejected: %d more rows of stream '%s', which are not named here",
                    not_named,
                    name,
                )


def _describe(rejection: Rejection) -> str:
    return "; ".join(dict.fromkeys(map(_describe_fault, rejection.faults)))


def _describe_fault(fault: Fault) -> str:
    if fault.field is None:
        return fault.reason
    return f"field '{fault.field}': {fault.reason}"


def _cure(rejection: Rejection) -> str:
    if rejection.reason == REJECTED_BY_API:
        return "Contentsquare does not say why: set integration_schema to find out"
    return "correct the row"
