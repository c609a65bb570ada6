"""Standard output: state lines, and nothing else ever."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import select
import sys
from typing import IO

from target_contentsquare.delivery.sending.wakeup import descriptor_of
from target_contentsquare.errors import OutputError

_REASONS = {
    errno.EPIPE: "standard output is closed",
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
}


def write_state(state: bytes) -> None:
    """Print a state line, the whole of it.

    The bytes go to the descriptor, since Python's own buffers may write a line in two
    parts, lose the second one when a pipe does not block, or glue two lines together
    when a signal comes between.

    Args:
        state: JSON, printed as the tap wrote it.

    Raises:
        OutputError: It can't be printed.
    """
    if sys.stdout is None:
        raise OutputError("the state can't be printed, standard output is closed")
    line = state + b"\n"
    try:
        descriptor = _descriptor_of(sys.stdout)
        if descriptor is None:
            sys.stdout.write(line.decode())
        else:
            _write_all(descriptor, line)
    except OSError as error:
        _discard_what_follows(sys.stdout)
        reason = _REASONS.get(error.errno or 0, error.strerror)
        raise OutputError(f"the state can't be printed, {reason}") from None


def discard_state(state: bytes) -> None:
    """Print nothing: a dry run delivers nothing, so no state may say that it did."""


def stdout_descriptor() -> int | None:
    """Return the descriptor of standard output; None if it has none, or is closed."""
    return descriptor_of(sys.stdout)


def _descriptor_of(stream: IO[str]) -> int | None:
    """Return None for a stream that a program has put in the place of stdout."""
    try:
        descriptor = stream.fileno()
    except io.UnsupportedOperation:
        return None
    stream.flush()
    return descriptor


def _write_all(descriptor: int, line: bytes) -> None:
    left = memoryview(line)
    while left:
        with contextlib.suppress(BlockingIOError):
            left = left[os.write(descriptor, left) :]
            continue
        # The pipe is full and does not block: wait until there is room.
        poll = select.poll()
        poll.register(descriptor, select.POLLOUT)
        poll.poll()


def _discard_what_follows(stream: IO[str]) -> None:
    """Keep Python from failing once more when it flushes at exit."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
