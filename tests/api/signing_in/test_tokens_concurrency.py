"""One token for all who want it: asked for once, whatever becomes of it."""

from __future__ import annotations

import itertools
import linecache
import sys
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from target_contentsquare.api.signing_in.tokens import Token, Tokens
from target_contentsquare.errors import (
    AuthenticationError,
    ContentsquareTargetError,
    RetryableError,
    TokenRefusedError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

THREADS = 12
LONG = 20.0


class SignIn:
    """A token endpoint that answers when it is told to, and counts.

    Attributes:
        outcomes: What the next answers are; a token where there is none.
        closed: While it is set, nobody gets an answer.
    """

    def __init__(self) -> None:
        self.asked: list[int | None] = []
        self.outcomes: list[ContentsquareTargetError] = []
        self.answering = threading.Event()
        self.answering.set()
        self.now = 0.0
        self.life = 3600.0
        self._names = itertools.count(1)

    def __call__(self, project_id: int | None) -> Token:
        self.asked.append(project_id)
        assert self.answering.wait(LONG)
        if self.outcomes:
            raise self.outcomes.pop(0)
        value = f"token-{next(self._names)}"
        end = self.now + self.life
        project = project_id or 162
        return Token(value, "https://api", project, end, end + 60, self.now)

    def clock(self) -> float:
        return self.now

    def pause(self, seconds: float) -> bool:
        self.now += seconds
        return False


@pytest.fixture
def endpoint() -> SignIn:
    return SignIn()


@pytest.fixture
def tokens(endpoint: SignIn) -> Tokens[int | None]:
    return Tokens(endpoint, endpoint.clock, pause=endpoint.pause)


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(THREADS) as executor:
        yield executor


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + LONG
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def threads_at_a_lock() -> int:
    """Threads whose current line, in `tokens.py`, takes a lock."""
    frames = sys._current_frames().values()  # noqa: SLF001 - there is no other way
    return sum(
        frame.f_code.co_filename.endswith("tokens.py")
        and "with slot.lock"
        in linecache.getline(frame.f_code.co_filename, frame.f_lineno)
        for frame in frames
    )


def ask_at_once(
    endpoint: SignIn, threads: ThreadPoolExecutor, ask: Callable[[], Token]
) -> list[Future[Token]]:
    """Let all threads ask while the endpoint has yet to answer the first of them."""
    endpoint.answering.clear()
    before = len(endpoint.asked)
    answers = [threads.submit(ask)]
    wait_until(lambda: len(endpoint.asked) > before)
    answers += [threads.submit(ask) for _ in range(THREADS - 1)]
    wait_until(lambda: threads_at_a_lock() == THREADS - 1)
    endpoint.answering.set()
    return answers


def test_many_threads_share_the_first_token(
    endpoint: SignIn, tokens: Tokens[int | None], threads: ThreadPoolExecutor
) -> None:
    answers = ask_at_once(endpoint, threads, lambda: tokens.get(162))
    assert {answer.result().value for answer in answers} == {"token-1"}
    assert endpoint.asked == [162]


def test_many_threads_share_one_renewal_when_their_token_is_refused(
    endpoint: SignIn, tokens: Tokens[int | None], threads: ThreadPoolExecutor
) -> None:
    old = tokens.get(162)

    def request(token: Token) -> Token:
        if token is old:
            raise TokenRefusedError("HTTP 401")
        return token

    answers = ask_at_once(endpoint, threads, lambda: tokens.call(162, request))
    assert {answer.result().value for answer in answers} == {"token-2"}
    assert len(endpoint.asked) == 2


def test_who_comes_late_with_an_old_token_gets_the_new_one(
    endpoint: SignIn, tokens: Tokens[int | None]
) -> None:
    old = tokens.get(162)
    new = tokens.get(162, refused=old)
    assert tokens.get(162, refused=old) is new
    assert len(endpoint.asked) == 2


@pytest.mark.parametrize(
    "failure",
    [
        RetryableError("the token endpoint answered HTTP 503", 7.0),
        AuthenticationError("the secret has expired"),
    ],
)
def test_many_threads_share_one_failure(
    endpoint: SignIn,
    tokens: Tokens[int | None],
    threads: ThreadPoolExecutor,
    failure: ContentsquareTargetError,
) -> None:
    endpoint.outcomes = [failure]
    answers = ask_at_once(endpoint, threads, lambda: tokens.get(162))
    assert {str(answer.exception()) for answer in answers} == {str(failure)}
    assert len(endpoint.asked) == 1


def test_many_threads_share_the_failure_of_a_renewal(
    endpoint: SignIn, tokens: Tokens[int | None], threads: ThreadPoolExecutor
) -> None:
    old = tokens.get(162)
    endpoint.outcomes = [RetryableError("the token endpoint answered HTTP 503")]
    answers = ask_at_once(endpoint, threads, lambda: tokens.get(162, refused=old))
    assert all(isinstance(one.exception(), RetryableError) for one in answers)
    assert len(endpoint.asked) == 2


def test_after_a_failure_the_next_one_asks_again(
    endpoint: SignIn, tokens: Tokens[int | None]
) -> None:
    endpoint.outcomes = [RetryableError("the token endpoint answered HTTP 503")]
    with pytest.raises(RetryableError):
        tokens.get(162)
    assert tokens.get(162).value == "token-1"


def test_a_token_is_renewed_before_it_expires_and_nobody_waits_for_that(
    endpoint: SignIn, tokens: Tokens[int | None], threads: ThreadPoolExecutor
) -> None:
    tokens.get(162)
    endpoint.now = 3599.9
    assert tokens.get(162).value == "token-1"
    endpoint.now = 3600.0
    endpoint.answering.clear()
    answers = [threads.submit(tokens.get, 162) for _ in range(THREADS)]
    # All of them have the old token while the endpoint keeps the one who asks waiting.
    assert {answer.result(LONG).value for answer in answers} == {"token-1"}
    wait_until(lambda: len(endpoint.asked) == 2)
    assert tokens.get(162).value == "token-1"
    endpoint.answering.set()
    wait_until(lambda: tokens.get(162).value == "token-2")
    assert len(endpoint.asked) == 2


def test_who_comes_when_the_old_token_is_over_waits_for_the_one_who_asks(
    endpoint: SignIn, tokens: Tokens[int | None], threads: ThreadPoolExecutor
) -> None:
    tokens.get(162)
    endpoint.now = 3600.0
    endpoint.answering.clear()
    tokens.get(162)
    wait_until(lambda: len(endpoint.asked) == 2)
    endpoint.now = 3660.0
    late = [threads.submit(tokens.get, 162) for _ in range(THREADS)]
    wait_until(lambda: threads_at_a_lock() == THREADS)
    endpoint.answering.set()
    assert {answer.result(LONG).value for answer in late} == {"token-2"}
    assert len(endpoint.asked) == 2


@pytest.fixture
def ordered(endpoint: SignIn) -> Tokens[int | None]:
    """Tokens that are renewed before `get` returns, which leaves nothing to chance."""
    return Tokens(
        endpoint, endpoint.clock, pause=endpoint.pause, run_aside=lambda ask: ask()
    )


def test_trouble_at_the_token_endpoint_is_none_while_the_old_token_lasts(
    endpoint: SignIn, ordered: Tokens[int | None]
) -> None:
    ordered.get(162)
    trouble = RetryableError("the token endpoint answered HTTP 503")
    endpoint.now, endpoint.outcomes = 3600.0, [trouble, trouble]
    assert ordered.get(162).value == "token-1"
    endpoint.now = 3660.0
    with pytest.raises(RetryableError):
        ordered.get(162)
    assert ordered.get(162).value == "token-2"


def test_a_renewal_that_failed_is_tried_again_with_waits_that_double(
    endpoint: SignIn, ordered: Tokens[int | None]
) -> None:
    ordered.get(162)
    endpoint.outcomes = [RetryableError("HTTP 503") for _ in range(100)]
    asked_at: list[int] = []
    for tenth in range(600):
        endpoint.now = 3600.0 + tenth / 10
        before = len(endpoint.asked)
        assert ordered.get(162).value == "token-1"
        asked_at += [tenth // 10] * (len(endpoint.asked) - before)
    assert asked_at == [0, 1, 3, 7, 15, 31]


def test_the_wait_that_the_token_endpoint_asks_for_is_kept(
    endpoint: SignIn, ordered: Tokens[int | None]
) -> None:
    ordered.get(162)
    endpoint.now, endpoint.outcomes = 3600.0, [RetryableError("HTTP 429", 5.0)]
    for tenth in range(50):
        endpoint.now = 3600.0 + tenth / 10
        assert ordered.get(162).value == "token-1"
    assert len(endpoint.asked) == 2
    endpoint.now = 3605.0
    ordered.get(162)
    assert ordered.get(162).value == "token-2"


def test_nor_is_it_cut_short_when_there_is_no_token(
    endpoint: SignIn, tokens: Tokens[int | None]
) -> None:
    endpoint.outcomes = [RetryableError("HTTP 429", 5.0)]
    for second in (0, 2, 4):
        endpoint.now = float(second)
        with pytest.raises(RetryableError) as failed:
            tokens.get(162)
        assert failed.value.retry_after == 5.0 - second
    assert len(endpoint.asked) == 1
    endpoint.now = 5.0
    assert tokens.get(162).value == "token-1"


def test_credentials_that_are_refused_at_a_renewal_end_the_run(
    endpoint: SignIn, ordered: Tokens[int | None]
) -> None:
    ordered.get(162)
    endpoint.now, endpoint.outcomes = 3600.0, [AuthenticationError("expired")]
    ordered.get(162)
    with pytest.raises(AuthenticationError, match="expired"):
        ordered.get(162)


def test_a_renewal_that_finds_no_thread_is_left_to_the_next_request(
    endpoint: SignIn,
) -> None:
    def fail(_: Callable[[], None]) -> None:
        raise RuntimeError("can't start new thread")

    tokens = Tokens(endpoint, endpoint.clock, pause=endpoint.pause, run_aside=fail)
    tokens.get(162)
    endpoint.now = 3600.0
    assert [tokens.get(162).value for _ in range(2)] == ["token-1", "token-1"]
    endpoint.now = 3660.0
    assert tokens.get(162).value == "token-2"


def test_a_failure_that_is_shared_holds_no_frames_of_who_met_it(
    endpoint: SignIn, tokens: Tokens[int | None], threads: ThreadPoolExecutor
) -> None:
    endpoint.outcomes = [RetryableError("HTTP 503")]
    answers = ask_at_once(endpoint, threads, lambda: tokens.get(162))
    failures = [answer.exception() for answer in answers]
    assert len({id(failure) for failure in failures}) == THREADS


def test_a_refused_token_is_not_used_again_when_there_is_no_new_one(
    endpoint: SignIn, tokens: Tokens[int | None]
) -> None:
    old = tokens.get(162)
    endpoint.outcomes = [RetryableError("the token endpoint answered HTTP 503")]
    with pytest.raises(RetryableError):
        tokens.get(162, refused=old)
    assert tokens.get(162).value == "token-2"


def test_a_second_refusal_is_an_authentication_error(
    endpoint: SignIn, tokens: Tokens[int | None]
) -> None:
    tried: list[str] = []

    def refuse(token: Token) -> None:
        tried.append(token.value)
        raise TokenRefusedError("HTTP 401")

    with pytest.raises(AuthenticationError, match=r"a fresh token for project 162"):
        tokens.call(162, refuse)
    assert list(dict.fromkeys(tried)) == ["token-1", "token-2"]
    assert len(endpoint.asked) == 2


def test_a_slow_sign_in_holds_up_its_own_project_only(
    endpoint: SignIn, tokens: Tokens[int | None], threads: ThreadPoolExecutor
) -> None:
    tokens.get(163)
    endpoint.answering.clear()
    slow = threads.submit(tokens.get, 162)
    wait_until(lambda: endpoint.asked == [163, 162])
    assert tokens.get(163).project_id == 163
    endpoint.answering.set()
    assert slow.result().project_id == 162


def test_what_a_request_raises_is_not_taken_for_a_refused_token(
    endpoint: SignIn, tokens: Tokens[int | None]
) -> None:
    def fail(token: Token) -> None:
        raise RetryableError(f"HTTP 503 with {token.project_id}")

    with pytest.raises(RetryableError):
        tokens.call(162, fail)
    assert len(endpoint.asked) == 1
