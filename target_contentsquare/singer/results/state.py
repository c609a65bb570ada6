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
        clock: Seconds that only go forward.
    """

    def __init__(
        self,
        write: Callable[[bytes], None],
        *,
        sync: Callable[[], None],
        clock: Callable[[], float],
    ) -> None:
        self._write = write
        self._sync = sync
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

    @property
    def is_due(self) -> bool:
        """Whether a state may be printed now."""
        return self._clock() - self._printed_at >= SECONDS_BETWEEN_STATES

    def print_newest(self, oldest_unsettled: int) -> None:
        """Print the newest safe state, if there is one that was not printed.

        Raises:
            OutputError: It can't be printed; it is not tried again.
        """
        if not self._enabled or self._failed:
            return
        state = self._checkpoint.newest_safe(oldest_unsettled)
        if state is None:
            return
        self._printed_at = self._clock()
        try:
            self._sync()
            self._write(state)
        except OutputError:
            self._failed = True
            raise
