"""What a host has to offer for rows that can't be delivered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from target_contentsquare.errors import Fault

if TYPE_CHECKING:
    from target_contentsquare.delivery.origin import Origin

#: The reason of a row that Contentsquare refuses when it is sent alone.
REJECTED_BY_API = "rejected_by_api"


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why a row can't be delivered.

    Args:
        reason: One of the contract's reasons, such as `string_too_long`.
        field: The enrichment field or mapping key; None for the row as a whole.
        detail: May hold what the row says, so it is for the rejected file only.
        more: What else is wrong with the same row.
    """

    reason: str
    field: str | None
    detail: str
    more: tuple[Fault, ...] = ()

    @property
    def faults(self) -> tuple[Fault, ...]:
        """All that is known to be wrong with the row."""
        return (Fault(self.reason, self.field, self.detail), *self.more)


class Rejects(Protocol):
    """Keeps rows that can't be delivered, such as `singer.results.rejected_file`."""

    def write(self, origin: Origin, rejection: Rejection) -> None:
        """Keep a row.

        Raises:
            OutputError: It can't be kept.
        """

    def sync(self) -> None:
        """Make sure that what was written survives a crash.

        Raises:
            OutputError: It can't be made sure.
        """

    def close(self) -> None:
        """Sync, and let go of what is open."""
