"""The fence: a task that was paused for long sends nothing any more."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from target_contentsquare.errors import DeliveryError

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from typing_extensions import Self

#: After such a pause Spark may have begun another attempt, or a newer job.
LONGEST_PAUSE_SECONDS = 60.0
_BEAT_SECONDS = 1.0


def seconds_since_boot() -> float:
    """Return seconds that only go forward, also while a machine is suspended."""
    if hasattr(time, "CLOCK_BOOTTIME"):  # Linux
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()


class Fence:
    """Notices that the process was paused, while its context lasts.

    An executor that was frozen for minutes goes on where it was when it wakes up, and
    would overwrite what a newer job has delivered meanwhile. A thread notes every
    second that the process runs; a gap in its notes is a pause.
    """

    def __init__(self, clock: Callable[[], float] = seconds_since_boot) -> None:
        self._clock = clock
        self._latest = clock()
        self._was_paused = False
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        """Begin to watch, in a thread of its own."""
        self._latest = self._clock()
        self._over.clear()
        self._thread = threading.Thread(target=self._watch, name="fence", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Watch no longer."""
        self._over.set()
        if self._thread is not None:
            self._thread.join()

    def note(self) -> None:
        """Note that the process runs."""
        now = self._clock()
        if now - self._latest > LONGEST_PAUSE_SECONDS:
            self._was_paused = True
        self._latest = now

    def check(self) -> None:
        """Raise an error if the process was paused. For many threads.

        Raises:
            DeliveryError: It was, at any time since the context began.
        """
        self.note()
        if self._was_paused:
            raise DeliveryError(
                f"the executor was paused for over {LONGEST_PAUSE_SECONDS:.0f} s, so "
                "this attempt sends nothing any more: Spark may have begun another"
            )

    def _watch(self) -> None:
        while not self._over.wait(_BEAT_SECONDS):
            self.note()
