"""Sleeping until there is something to do: input, a finished request, a signal."""

from __future__ import annotations

import contextlib
import math
import select
import socket
import weakref


class Wakeup:
    """Lets one thread sleep, and others, or a signal handler, wake it.

    A socket pair and not a lock, so that the sleeper can watch its input as well.

    Attributes:
        close: Gives the sockets back; happens by itself when nobody holds this.
    """

    def __init__(self) -> None:
        self._sleeping = False
        self._notified = False
        self._sleeper, self._waker = socket.socketpair()
        # Whoever drops this has no other way to give the sockets back.
        self.close = weakref.finalize(self, _close, self._sleeper, self._waker)
        self._sleeper.settimeout(0)
        self._waker.settimeout(0)

    def notify(self) -> None:
        """End the current sleep, or the next one. For any thread and any handler."""
        self._notified = True
        # One that is awake looks at `_notified` before it falls asleep.
        if self._sleeping:
            with contextlib.suppress(OSError):  # full: about to wake; closed: over
                self._waker.send(b"\0")

    def sleep(self, timeout: float | None, descriptor: int | None = None) -> bool:
        """Sleep until a notification, input on `descriptor`, or the timeout.

        Args:
            timeout: Seconds; None for as long as it takes.

        Returns:
            True if there is input, or its end, on `descriptor`.
        """
        # Not `select`, which takes no descriptor from 1,024 on.
        poll = select.poll()
        poll.register(self._sleeper, select.POLLIN)
        if descriptor is not None:
            poll.register(descriptor, select.POLLIN)
        milliseconds = None if timeout is None else math.ceil(timeout * 1000)
        self._sleeping = True
        ready = {found for found, _ in poll.poll(0 if self._notified else milliseconds)}
        self._sleeping = False
        self._notified = False
        if self._sleeper.fileno() in ready:
            with contextlib.suppress(BlockingIOError):
                self._sleeper.recv(4096)
        return descriptor is not None and descriptor in ready


def _close(*sockets: socket.socket) -> None:
    for one in sockets:
        one.close()


def descriptor_of(stream: object) -> int | None:
    """Return the descriptor of a stream that can be watched; None if it has none."""
    try:
        return int(stream.fileno())  # type: ignore[attr-defined]
    except (AttributeError, OSError, ValueError):
        return None
