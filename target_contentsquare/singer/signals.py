"""What a signal leaves behind; the run looks at it when it can."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from target_contentsquare.delivery.sending.wakeup import Wakeup


class StopSignal:
    """Notes that the run has to stop. It is whole before a handler is installed.

    A handler may be called between any two steps of the program, so it only takes note
    and ends waits. The SDK's own would drain in the middle of whatever is going on.

    Attributes:
        number: Of the first signal that came; None before.
    """

    def __init__(self, wakeup: Wakeup) -> None:
        self.number: int | None = None
        self._wakeup = wakeup
        self._hurry: Callable[[], None] = _do_nothing

    def watch(self, hurry: Callable[[], None]) -> None:
        """Call `hurry` once a signal comes, at once if it has come already."""
        self._hurry = hurry
        if self.number is not None:
            hurry()

    def handle(self, number: int) -> None:
        """Take note of a signal; a second one ends the process at once."""
        if self.number is not None:
            os._exit(128 + number)
        self.number = number
        self._hurry()
        self._wakeup.notify()

    @property
    def name(self) -> str:
        """The signal's name, such as SIGTERM; empty if none came."""
        return "" if self.number is None else signal.Signals(self.number).name

    @property
    def exit_code(self) -> int:
        """The exit code of a run that ended as it should."""
        return 0 if self.number is None else 128 + self.number


def _do_nothing() -> None:
    """Nothing waits yet."""
