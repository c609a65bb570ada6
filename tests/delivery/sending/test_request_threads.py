"""Requests are made in threads, and whoever submits one is not held up for long."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from target_contentsquare.delivery.sending.request_threads import RequestThreads

if TYPE_CHECKING:
    from collections.abc import Iterator

LONG = 10.0


@pytest.fixture
def threads() -> Iterator[RequestThreads]:
    with RequestThreads(2) as threads:
        yield threads


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


def test_what_a_request_returns_and_raises_is_the_futures(
    threads: RequestThreads,
) -> None:
    def fail() -> None:
        raise ValueError("as raised")

    assert threads.submit(lambda: 7).result(LONG) == 7
    assert str(threads.submit(fail).exception(LONG)) == "as raised"


def test_requests_are_made_in_other_threads(threads: RequestThreads) -> None:
    future = threads.submit(threading.get_ident)
    assert future.result(LONG) != threading.get_ident()
