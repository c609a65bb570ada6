"""Who makes a request, and how long whoever asks for it is held up."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from target_contentsquare.delivery.request_threads import RequestThreads

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.conftest import Clock

LONG = 10.0


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


ENOUGH = 32


def who_makes_them(
    seconds: list[float], threads: RequestThreads, clock: Clock
) -> list[bool]:
    """Whether the caller's thread does, for requests one after the other."""
    here = threading.get_ident()
    return [
        threads.submit(answered_after(each, threads, clock)).result(LONG) == here
        for each in seconds
    ]


def test_after_many_answers_at_once_the_caller_makes_the_requests(
    threads: RequestThreads, clock: Clock
) -> None:
    assert not any(who_makes_them([0.0005] * ENOUGH, threads, clock))
    assert who_makes_them([0.0005, 0.1, 0.0005], threads, clock) == [True, True, False]


def test_while_a_request_is_under_way_the_caller_makes_none(
    threads: RequestThreads, clock: Clock
) -> None:
    answer = threading.Event()

    def request() -> bool:
        threads.note_written()
        return answer.wait(LONG)

    slow = threads.submit(request)
    assert not any(who_makes_them([0.0005] * 2 * ENOUGH, threads, clock))
    answer.set()
    assert slow.result(LONG)


@pytest.mark.parametrize("known", [0, ENOUGH])
def test_an_error_is_the_futures_and_no_answer_at_once(
    threads: RequestThreads, clock: Clock, known: int
) -> None:
    def fail() -> None:
        raise ValueError(str(threading.get_ident()))

    who_makes_them([0.0005] * known, threads, clock)
    error = threads.submit(fail).exception(LONG)
    assert isinstance(error, ValueError)
    assert (str(error) == str(threading.get_ident())) == (known == ENOUGH)
    assert not any(who_makes_them([0.0005] * ENOUGH, threads, clock))
