"""A rejected file that knows what a crash would leave of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.simulation.witness import Witness


class RejectedRows:
    """Stands in for `RejectedFile`; a row's line is its number.

    Attributes:
        rows: How many were written.
        not_synced: Those that a crash could lose.
    """

    def __init__(self, witness: Witness) -> None:
        self.rows = 0
        self.not_synced: list[int] = []
        self._witness = witness

    def write(self, schema: Any, line: bytes, rejection: Any) -> None:
        """Append a row."""
        _ = schema
        self.rows += 1
        self.not_synced.append(int(line))
        self._witness.rejected(int(line), rejection.reason)

    def sync(self) -> None:
        """From here on a crash does no harm."""
        self.not_synced.clear()

    def close(self) -> None:
        """As the real one."""
        self.sync()
