"""The requests that are being made, and when each of them has to be over.

Timeouts of sockets count from the last byte, so a server that sends one byte now and
then is waited for without end. Here an attempt has a deadline as a whole, and whoever
drives delivery ends the attempts that are past theirs.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_WATCH_SECONDS = 0.25


class Attempt:
    """One request, from connecting to the end of its answer.

    Attributes:
        deadline: When it has to be over, on the clock of `Attempts`.
        ended: Why it was ended from outside, in words for people.
        is_on_used_connection: Its connection has carried a request before.
        needs_new_connection: It must not use one that was open before.
    """

    __slots__ = (
        "deadline",
        "ended",
        "handle",
        "is_on_used_connection",
        "needs_new_connection",
    )

    def __init__(self, deadline: float) -> None:
        self.deadline = deadline
        self.ended: str | None = None
        self.handle: Handle | None = None
        self.is_on_used_connection = False
        self.needs_new_connection = False

    def end(self, why: str) -> None:
        """End it from outside, if it has not been ended yet."""
        if self.ended is None:
            self.ended = why
            if (handle := self._own_handle()) is not None:
                handle.shut_down()

    def leave_handle(self) -> None:
        """Have nothing to do with its connection any more."""
        if (handle := self._own_handle()) is not None:
            handle.leave()
        self.handle = None

    def _own_handle(self) -> Handle | None:
        """Return its handle, unless the connection has gone to another attempt."""
        is_own = self.handle is not None and self.handle.attempt is self
        return self.handle if is_own else None


class Handle:
    """A second descriptor of a connection's socket, by which it can be shut down.

    It is duplicated because TLS replaces the socket object while it shakes hands. It
    outlives the connection until the attempt ends: with `Connection: close` the
    connection is closed before the answer has been read.
    """

    __slots__ = ("_is_released", "_socket", "attempt")

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected.dup()
        self._is_released = False
        self.attempt: Attempt | None = None

    def shut_down(self) -> None:
        """End what its connection waits for."""
        with contextlib.suppress(OSError):  # the server was faster
            self._socket.shutdown(socket.SHUT_RDWR)

    def release(self) -> None:
        """Close the descriptor, now or when the attempt ends."""
        self._is_released = True
        if self.attempt is None:
            self._socket.close()

    def leave(self) -> None:
        """Belong to no attempt any more."""
        self.attempt = None
        if self._is_released:
            self._socket.close()


class Attempts:
    """All attempts that are being made, at most one in each thread. For many threads.

    Args:
        timeout: Seconds to connect, and from then until the answer is complete.
        clock: Seconds that only go forward.
    """

    def __init__(self, timeout: float, clock: Callable[[], float]) -> None:
        self._timeout = timeout
        self._clock = clock
        self._lock = threading.Lock()
        self._by_thread: dict[int, Attempt] = {}
        self._aborted = threading.Event()

    @contextlib.contextmanager
    def begin(self) -> Iterator[Attempt]:
        """Count an attempt of the current thread as being made."""
        attempt = Attempt(self._clock() + self._timeout)
        self._by_thread[threading.get_ident()] = attempt
        try:
            yield attempt
        finally:
            with self._lock:
                del self._by_thread[threading.get_ident()]
                attempt.leave_handle()

    @property
    def current(self) -> Attempt | None:
        """The attempt that the current thread makes."""
        return self._by_thread.get(threading.get_ident())

    def watch(self, handle: Handle) -> None:
        """Let the current attempt be ended by this handle."""
        attempt = self.current
        if attempt is None:
            return
        with self._lock:
            attempt.leave_handle()
            attempt.handle, handle.attempt = handle, attempt
            if attempt.ended is not None:
                handle.shut_down()

    def release(self, handle: Handle) -> None:
        """Say that the connection of this handle is closed."""
        with self._lock:
            handle.release()

    def note_connected(self) -> None:
        """Say that the current attempt has its connection: the answer's time begins."""
        if (attempt := self.current) is not None:
            attempt.deadline = self._clock() + self._timeout

    def expire(self) -> None:
        """End the attempts that are past their deadline."""
        now = self._clock()
        with self._lock:
            for attempt in list(self._by_thread.values()):
                if attempt.deadline <= now:
                    attempt.end("timed out")

    @contextlib.contextmanager
    def expiring(self) -> Iterator[None]:
        """End attempts in time where no loop calls `expire`, in a thread of its own."""
        over = threading.Event()

        def watch() -> None:
            while not over.wait(_WATCH_SECONDS):
                self.expire()

        thread = threading.Thread(target=watch, name="deadlines", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def abort_all(self) -> None:
        """End all attempts that are being made, and every pause."""
        self._aborted.set()
        with self._lock:
            for attempt in list(self._by_thread.values()):
                attempt.end("was not waited for")

    def pause(self, seconds: float) -> bool:
        """Wait in the current thread; return True if `abort_all` cut that short."""
        return self._aborted.wait(seconds)
