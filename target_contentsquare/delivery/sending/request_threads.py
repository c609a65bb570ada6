"""The threads that make requests, and who has the interpreter meanwhile."""

from __future__ import annotations

import contextlib
import queue
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

# A request that is not written by now waits for the network, as an answer does.
_LONGEST_PAUSE_SECONDS = 0.002


class RequestThreads(ThreadPoolExecutor):
    """Threads that make requests; `submit` returns once the request is written.

    Two threads that both want the interpreter hold each other up. So whoever submits
    pauses until the request is written, 2 ms at most: from there on its thread only
    waits for the answer. This saves 4 to 13 % of a run's CPU time (`make bench`).

    Args:
        most: Requests at the same time.
    """

    def __init__(self, most: int) -> None:
        super().__init__(most, "request")
        self._current = threading.local()

    def submit(
        self, call: Callable[..., Any], /, *args: Any, **options: Any
    ) -> Future[Any]:
        """Begin a request; returns early while the network is busy with it.

        Args:
            call: Makes the request, and calls `note_written` on the way.
        """
        # Not an event, which is made of Python and takes ten times as long.
        written: queue.SimpleQueue[None] = queue.SimpleQueue()
        future = super().submit(self._make, written, call, *args, **options)
        with contextlib.suppress(queue.Empty):
            written.get(timeout=_LONGEST_PAUSE_SECONDS)
        return future

    def note_written(self) -> None:
        """Say that the current thread's request is written, and its answer awaited."""
        self._current.written.put(None)

    def _make(
        self,
        written: queue.SimpleQueue[None],
        call: Callable[..., Any],
        *args: Any,
        **options: Any,
    ) -> Any:
        self._current.written = written
        try:
            return call(*args, **options)
        finally:
            written.put(None)
