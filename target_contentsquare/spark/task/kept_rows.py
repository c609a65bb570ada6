"""Rejected rows on their way from a task to the driver."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from target_contentsquare.errors import TooManyRejectedError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from target_contentsquare.delivery.origin import Origin
    from target_contentsquare.delivery.rejects import Rejection


@dataclass(frozen=True, slots=True)
class KeptRow:
    """A row that can't be delivered.

    Attributes:
        values: Of the mapped columns.
        at: When it was rejected, in UTC.
    """

    values: tuple[Any, ...]
    rejection: Rejection
    at: datetime


class KeptRows:
    """Keeps a task's rejected rows in memory: a `Rejects` of the core.

    Attributes:
        limit: Rows that a task keeps at most.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._rows: list[KeptRow] = []
        self.limit = 0

    def begin(self, limit: int) -> None:
        """Forget the rows of the task before."""
        self._rows = []
        self.limit = limit

    def take(self) -> tuple[KeptRow, ...]:
        """Return the rows, and keep them no longer."""
        rows, self._rows = self._rows, []
        return tuple(rows)

    def write(self, origin: Origin, rejection: Rejection) -> None:
        """Keep a row.

        Raises:
            TooManyRejectedError: There are too many.
        """
        if len(self._rows) >= self.limit:
            raise TooManyRejectedError(
                f"{origin.where}: more than {self.limit} rows of one partition can't "
                "be delivered: look at the reasons in rejected_path"
            )
        self._rows.append(KeptRow(origin.alone, rejection, self._now()))

    def sync(self) -> None:
        """Do nothing: the rows are safe once the driver has written them."""

    def close(self) -> None:
        """Do nothing: nothing is open."""
