"""Who makes a request, and how long whoever asks for it is held up."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from target_contentsquare.request_threads import RequestThreads

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LONG = 10.0


class Clock:
    """Stands still, but for what a request takes."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def threads(clock: Clock) -> Iterator[RequestThreads]:
    with RequestThreads(2, clock) as threads:
        yield threads


def answered_after(
    seconds: float, threads: RequestThreads, clock: Clock
) -> Callable[[], int]:
    """A request that says which thread made it."""

    def request() -> int:
        clock.now += LONG  # however long it takes to connect and to write
        threads.note_written()
        clock.now += seconds
        return threading.get_ident()

    return request


def test_it_comes_back_while_the_answer_is_awaited(threads: RequestThreads) -> None:
    answer = threading.Event()

    def request() -> bool:
        threads.note_written()
        return answer.wait(LONG)

    future = threads.submit(request)
    assert not future.done()
    answer.set()
    assert future.result(LONG)


def test_a_network_that_takes_no_bytes_does_not_hold_it_up(
    threads: RequestThreads,
) -> None:
    connected = threading.Event()
    futures = [threads.submit(connected.wait, LONG) for _ in range(3)]
    assert not any(future.done() for future in futures)
    connected.set()
    assert all(future.result(LONG) for future in futures)


def test_while_answers_come_at_once_the_caller_makes_the_requests(
    threads: RequestThreads, clock: Clock
) -> None:
    made_by = [
        threads.submit(answered_after(seconds, threads, clock)).result(LONG)
        for seconds in (0.1, 0.0005, 0.0005, 0.1, 0.1)
    ]
    here = threading.get_ident()
    assert [one == here for one in made_by] == [False, False, True, True, False]


def test_an_error_is_the_futures_in_whatever_thread(
    threads: RequestThreads, clock: Clock
) -> None:
    def fail() -> None:
        raise ValueError(str(threading.get_ident()))

    for here in (False, True):  # it fails at once
        error = threads.submit(fail).exception(LONG)
        assert isinstance(error, ValueError)
        assert (str(error) == str(threading.get_ident())) == here
    assert clock.now == 0
