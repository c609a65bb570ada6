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
# So many in a row, and the next one is taken to come at once as well.
_ENOUGH_AT_ONCE = 32
# A request that can't be written by now waits for the network, as an answer does.
_LONGEST_PAUSE_SECONDS = 0.002


class _Request:
    """A request that is being made: when was it written, is it answered?"""

    __slots__ = ("_passed", "_until_answered", "written_at")

    def __init__(self, now: float, *, until_answered: bool) -> None:
        # Not an event, which is made of Python and takes ten times as long.
        self._passed: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._until_answered = until_answered
        self.written_at = now

    def note_written(self, now: float) -> None:
        self.written_at = now
        if not self._until_answered:
            self._passed.put(None)

    def note_answered(self) -> None:
        self._passed.put(None)

    def let_pass(self) -> None:
        with contextlib.suppress(queue.Empty):
            self._passed.get(timeout=_LONGEST_PAUSE_SECONDS)


class RequestThreads(ThreadPoolExecutor):
    """Threads that make requests, and the caller's own where that takes less time.

    Two threads that both want the interpreter hold each other up, for half as much CPU
    time again. So whoever submits pauses until the request is written: from there on
    its thread only waits for the answer. If the last answer came within a millisecond,
    as from a proxy next door, the pause is until the answer; and after many such
    answers in a row the caller makes the requests itself, but none while another is
    under way, which it would keep from being accounted for.

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
        # Both are written in any thread, each in one step; a guess may be off by one.
        self._under_way: set[_Request] = set()
        self._at_once = 0

    def submit(
        self, call: Callable[..., Any], /, *args: Any, **options: Any
    ) -> Future[Any]:
        """Begin a request; returns early while the network is busy with it.

        Args:
            call: Makes the request, and calls `note_written` on the way.
        """
        request = _Request(self._clock(), until_answered=self._at_once > 0)
        if self._at_once >= _ENOUGH_AT_ONCE and not self._under_way:
            return _done(self._make, request, call, *args, **options)
        self._under_way.add(request)
        future = super().submit(self._make, request, call, *args, **options)
        request.let_pass()
        return future

    def note_written(self) -> None:
        """Say that the current thread's request is written, and its answer awaited."""
        self._current.request.note_written(self._clock())

    def _make(
        self, request: _Request, call: Callable[..., Any], *args: Any, **options: Any
    ) -> Any:
        self._current.request = request
        at_once = 0  # an error says nothing of how soon a batch is taken
        try:
            result = call(*args, **options)
            if self._clock() - request.written_at < _AT_ONCE_SECONDS:
                at_once = self._at_once + 1
            return result
        finally:
            self._at_once = at_once
            self._under_way.discard(request)
            request.note_answered()


def _done(call: Callable[..., Any], *args: Any, **options: Any) -> Future[Any]:
    """Call now, in this thread."""
    future: Future[Any] = Future()
    try:
        future.set_result(call(*args, **options))
    except BaseException as error:  # noqa: BLE001 - as an executor does
        future.set_exception(error)
    return future
