"""The tap's states: kept until they are safe, then printed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from target_contentsquare.errors import OutputError
from target_contentsquare.singer.results.checkpoint import Checkpoint

if TYPE_CHECKING:
    from collections.abc import Callable

#: While the run goes on, a state is printed at most this often.
SECONDS_BETWEEN_STATES = 1.0


class StateKeeper:
    """Prints the newest state that covers no unsettled row, at most once a second.

    Args:
        write: Prints a state line.
        sync: Called before: rejected rows that the state covers go to the disk.
        oldest_unsettled: Returns the position of the oldest row that is not settled.
        clock: Seconds that only go forward.
    """

    def __init__(
        self,
        write: Callable[[bytes], None],
        *,
        sync: Callable[[], None],
        oldest_unsettled: Callable[[], int],
        clock: Callable[[], float],
    ) -> None:
        self._write = write
        self._sync = sync
        self._oldest_unsettled = oldest_unsettled
        self._clock = clock
        self._checkpoint = Checkpoint()
        self._enabled = False
        self._failed = False
        self._printed_at = -math.inf

    def enable(self) -> None:
        """Let states be printed: from the first stream on that has a mapping."""
        self._enabled = True

    def take(self, state: bytes, position: int) -> None:
        """Take a state that the tap gave when `position` rows had been put."""
        self._checkpoint.mark(position, state)

    def print_due(self) -> None:
        """Do `print_newest`, but at most once a second.

        Raises:
            OutputError: The state can't be printed.
        """
        if self._clock() - self._printed_at >= SECONDS_BETWEEN_STATES:
            self.print_newest()

    def print_newest(self) -> None:
        """Print the newest safe state, if there is one that was not printed.

        Raises:
            OutputError: It can't be printed; it is not tried again.
        """
        if not self._enabled or self._failed:
            return
        state = self._checkpoint.newest_safe(self._oldest_unsettled())
        if state is None:
            return
        self._printed_at = self._clock()
        try:
            self._sync()
            self._write(state)
        except OutputError:
            self._failed = True
            raise
