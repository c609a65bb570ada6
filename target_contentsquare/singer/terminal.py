"""What a person at a terminal sees of a run: one live line, and what it waits for."""

from __future__ import annotations

import logging
import os
import sys
from typing import IO, TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from collections.abc import Callable

#: The line is drawn anew after so many seconds at the earliest.
_REDRAWN_AFTER_SECONDS = 0.2


def live_line(log: logging.Logger, clock: Callable[[], float]) -> LiveLine | None:
    """Return a line on the terminal that stderr is; None where it is none.

    There is none either where the log leaves out what is no warning, and where the
    terminal does not say how wide it is.
    """
    terminal = sys.stderr
    if terminal is None or not terminal.isatty() or not log.isEnabledFor(logging.INFO):
        return None
    has_size = os.get_terminal_size(terminal.fileno()).columns > 0
    return LiveLine(terminal, clock) if has_size else None


def tell_of_typed_input(file_input: IO[Any] | None, log: logging.Logger) -> None:
    """Log that the input is what is typed, if it is: a run seems to hang then."""
    if file_input is None and sys.stdin is not None and sys.stdin.isatty():
        log.info(
            "Waiting for Singer messages to be typed: pipe a tap in, use --input, or "
            "end the input with Ctrl-D"
        )


class LiveLine:
    """Draws one line over and over, below the lines of the log.

    Args:
        terminal: What stderr is.
        clock: Seconds that only go forward.
    """

    def __init__(self, terminal: TextIO, clock: Callable[[], float]) -> None:
        # A tenth of a second, and needed at a terminal only.
        from tqdm import tqdm  # noqa: PLC0415 - as said above

        tqdm.monitor_interval = 0  # no thread that looks after it
        self._terminal = terminal
        self._clock = clock
        self._drawn_at = clock() - _REDRAWN_AFTER_SECONDS
        self._line = tqdm(
            file=terminal, bar_format="{desc}", leave=False, dynamic_ncols=True
        )
        self._handlers = _handlers_of(terminal)
        for handler in self._handlers:
            handler.setStream(_AboveTheLine(terminal, tqdm))

    def draw(self, text: Callable[[], str]) -> None:
        """Draw the line if it is time.

        Args:
            text: Returns what it says; what is wider than the terminal is cut off.
        """
        now = self._clock()
        if now - self._drawn_at < _REDRAWN_AFTER_SECONDS:
            return
        self._drawn_at = now
        self._line.set_description_str(text())

    def close(self) -> None:
        """Remove the line, and let the log write as before."""
        self._line.close()
        for handler in self._handlers:
            handler.setStream(self._terminal)


class _AboveTheLine:
    """Writes to the terminal after the line was cleared, and draws it again below."""

    def __init__(self, terminal: TextIO, line_class: Any) -> None:
        self._terminal = terminal
        self._line_class = line_class

    def write(self, text: str) -> None:
        with self._line_class.external_write_mode(file=self._terminal):
            self._terminal.write(text)

    def flush(self) -> None:
        self._terminal.flush()


def _handlers_of(terminal: TextIO) -> list[logging.StreamHandler[Any]]:
    """Return the handlers of the log that write to the terminal."""
    return [
        handler
        for handler in logging.getLogger().handlers
        if isinstance(handler, logging.StreamHandler) and handler.stream is terminal
    ]
