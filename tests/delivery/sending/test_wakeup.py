"""Sleeping, and being woken by everything that should."""

from __future__ import annotations

import io
import os
import signal
import socket
import threading
import time
from typing import TYPE_CHECKING

import pytest

from target_contentsquare.delivery.sending.wakeup import Wakeup, descriptor_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LONG = 20.0


@pytest.fixture
def wakeup() -> Wakeup:
    return Wakeup()


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reading, writing = os.pipe()
    yield reading, writing
    os.close(reading)
    os.close(writing)


def seconds_asleep(wakeup: Wakeup, timeout: float | None) -> float:
    before = time.monotonic()
    wakeup.sleep(timeout)
    return time.monotonic() - before


def test_another_thread_ends_a_sleep(wakeup: Wakeup) -> None:
    threading.Timer(0.05, wakeup.notify).start()
    assert seconds_asleep(wakeup, None) < LONG


def test_a_notification_before_the_sleep_is_not_lost(wakeup: Wakeup) -> None:
    wakeup.notify()
    assert seconds_asleep(wakeup, LONG) < LONG


def test_a_sleep_uses_up_the_notifications_before_it(wakeup: Wakeup) -> None:
    for _ in range(3):
        wakeup.notify()
    wakeup.sleep(LONG)
    assert seconds_asleep(wakeup, 0.05) >= 0.04


def test_any_number_of_notifications_does_no_harm(wakeup: Wakeup) -> None:
    for _ in range(200_000):
        wakeup.notify()
    assert seconds_asleep(wakeup, LONG) < LONG


def test_a_signal_handler_ends_a_sleep_that_is_under_way(wakeup: Wakeup) -> None:
    before = signal.signal(signal.SIGALRM, lambda *_: wakeup.notify())
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        assert seconds_asleep(wakeup, LONG) < LONG
    finally:
        signal.signal(signal.SIGALRM, before)


def test_input_ends_a_sleep(wakeup: Wakeup, pipe: tuple[int, int]) -> None:
    reading, writing = pipe
    assert not wakeup.sleep(0.01, reading)
    os.write(writing, b"x")
    assert wakeup.sleep(LONG, reading)


def test_the_end_of_input_ends_a_sleep(wakeup: Wakeup) -> None:
    mine, other = socket.socketpair()
    other.close()
    assert wakeup.sleep(LONG, mine.fileno())
    mine.close()


def test_a_notification_is_no_input(wakeup: Wakeup, pipe: tuple[int, int]) -> None:
    wakeup.notify()
    assert not wakeup.sleep(LONG, pipe[0])


def test_none_of_many_notifications_from_threads_is_lost(wakeup: Wakeup) -> None:
    """As requests that finish: each puts something down, then notifies."""
    finished: list[int] = []

    def finish(count: int) -> None:
        for number in range(count):
            finished.append(number)
            wakeup.notify()

    threads = [threading.Thread(target=finish, args=(3000,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    seen, deadline = 0, time.monotonic() + LONG
    while seen < 12_000:
        if seen == len(finished):
            wakeup.sleep(LONG)
        seen = len(finished)
        assert time.monotonic() < deadline
    for thread in threads:
        thread.join()


def test_files_and_pipes_can_be_watched(tmp_path: Path) -> None:
    with (tmp_path / "input").open("w+") as file:
        assert descriptor_of(file) == file.fileno()


def test_what_is_in_memory_or_closed_can_not(tmp_path: Path) -> None:
    file = (tmp_path / "input").open("w+")
    file.close()
    assert descriptor_of(file) is None
    assert descriptor_of(io.StringIO()) is None
    assert descriptor_of([]) is None
