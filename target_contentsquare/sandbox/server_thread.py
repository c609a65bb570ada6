"""A server in a thread of this process."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from threading import Lock, Thread
from typing import TypeVar, final

from target_contentsquare.sandbox.contentsquare import Contentsquare
from target_contentsquare.sandbox.server import listening

T = TypeVar("T")


@final
class ServerThread:
    """Serves on a free port of 127.0.0.1 in a thread, which owns the state.

    Args:
        contentsquare: what is served.
    """

    def __init__(self, contentsquare: Contentsquare) -> None:
        """Prepare the thread."""
        self._contentsquare = contentsquare
        self._listening: Future[tuple[asyncio.AbstractEventLoop, int]] = Future()
        self._thread = Thread(target=self._run, name="sandbox", daemon=True)
        self._stop = asyncio.Event()
        # Held while the server's thread is asked or ended: it would never answer a
        # question that comes between the two.
        self._asking = Lock()

    @property
    def port(self) -> int:
        """Return the port, once the server listens."""
        return self._listening.result()[1]

    def start(self) -> None:
        """Listen, and return once requests are answered."""
        self._thread.start()
        self._listening.result()

    def stop(self) -> None:
        """Stop listening and cut the connections of requests still handled."""
        loop, _ = self._listening.result()
        with self._asking:
            loop.call_soon_threadsafe(self._stop.set)
            self._thread.join()

    def ask(self, question: Callable[[], T]) -> T:
        """Return the answer of the server's thread, or of this one after its end."""
        with self._asking:
            if not self._thread.is_alive():
                return question()
            loop, _ = self._listening.result()
            answer: Future[T] = Future()
            loop.call_soon_threadsafe(_settle, answer, question)
            return answer.result()

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        try:
            async with listening(self._contentsquare, "127.0.0.1", 0) as port:
                self._listening.set_result((asyncio.get_running_loop(), port))
                await self._stop.wait()
        except BaseException as error:
            # The thread that waits in `start` raises it.
            if self._listening.done():
                raise
            self._listening.set_exception(error)


def _settle(answer: "Future[T]", question: Callable[[], T]) -> None:
    try:
        answer.set_result(question())
    except Exception as error:  # noqa: BLE001 - raised again in the thread that asked
        answer.set_exception(error)
