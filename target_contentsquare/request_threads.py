"""Which thread makes a request, and which one has the interpreter meanwhile."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

# Sooner than this, an answer is there before another thread has got going.
_AT_ONCE_SECONDS = 0.001
# A request that can't be written by now waits for the network, as an answer does.
_LONGEST_PAUSE_SECONDS = 0.002


class _Request:
    """A request that is being made: when was it written?"""

    __slots__ = ("_written", "written_at")

    def __init__(self, now: float) -> None:
        # Not an event, which is made of Python and takes ten times as long.
        self._written: queue.SimpleQueue[None] = queue.SimpleQueue()
        self.written_at = now

    def note_written(self, now: float) -> None:
        self.written_at = now
        self._written.put(None)

    def await_written(self) -> None:
        with contextlib.suppress(queue.Empty):
            self._written.get(timeout=_LONGEST_PAUSE_SECONDS)


class RequestThreads(ThreadPoolExecutor):
    """Threads that make requests, and the caller's own where that takes less time.

    Two threads that both want the interpreter hold each other up, for half as much CPU
    time again. So whoever submits pauses until the request is written: from there on
    its thread only waits for the answer. While answers come within a millisecond, as
    from a proxy next door, the caller makes the requests itself.

    Args:
        most: Requests at the same time.
        clock: Seconds that only go forward.
    """

    def __init__(
        self, most: int, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        super().__init__(most, "request")
        self._clock = clock
        self._current = threading.local()
        # Set in any thread: the last answer says it, and the next one may differ.
        self._answers_at_once = False

    def submit(
        self, call: Callable[..., Any], /, *args: Any, **options: Any
    ) -> Future[Any]:
        """Begin a request; returns early while the network is busy with it.

        Args:
            call: Makes the request, and calls `note_written` on the way.
        """
        request = _Request(self._clock())
        if self._answers_at_once:
            return _done(self._make, request, call, *args, **options)
        future = super().submit(self._make, request, call, *args, **options)
        request.await_written()
        return future

    def note_written(self) -> None:
        """Say that the current thread's request is written, and its answer awaited."""
        self._current.request.note_written(self._clock())

    def _make(
        self, request: _Request, call: Callable[..., Any], *args: Any, **options: Any
    ) -> Any:
        self._current.request = request
        try:
            return call(*args, **options)
        finally:
            waited = self._clock() - request.written_at
            self._answers_at_once = waited < _AT_ONCE_SECONDS


def _done(call: Callable[..., Any], *args: Any, **options: Any) -> Future[Any]:
    """Call now, in this thread."""
    future: Future[Any] = Future()
    try:
        future.set_result(call(*args, **options))
    except BaseException as error:  # noqa: BLE001 - as an executor does
        future.set_exception(error)
    return future
