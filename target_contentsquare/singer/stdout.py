"""Standard output: state lines, and nothing else ever."""

from __future__ import annotations

import contextlib
import os
import sys

from target_contentsquare.errors import OutputError


def write_state(state: bytes) -> None:
    """Print a state line.

    Args:
        state: JSON, printed as the tap wrote it.

    Raises:
        OutputError: Nobody reads it any more.
    """
    if sys.stdout is None:
        raise OutputError("the state can't be printed, standard output is closed")
    # Escaped, so that no locale can keep it from being printed.
    text = state.decode() if state.isascii() else _escaped(state)
    try:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()
    except OSError as error:
        # So that Python does not fail once more when it flushes at exit.
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise OutputError(
            f"the state can't be printed, standard output is closed ({error.strerror})"
        ) from None


def _escaped(state: bytes) -> str:
    """The same JSON in ASCII; what is not can only be in its texts."""
    return "".join(map(_escaped_character, state.decode()))


def _escaped_character(character: str) -> str:
    if character.isascii():
        return character
    units = character.encode("utf-16-be").hex("-", 2).split("-")
    return "".join(f"\\u{unit}" for unit in units)


def discard_state(state: bytes) -> None:
    """Print nothing: a dry run delivers nothing, so no state may say that it did."""
