"""The tokens of a run: one for each project, replaced when it is refused."""

import itertools
from typing import Any

import pytest

from target_contentsquare.api.signing_in.tokens import Token, Tokens
from target_contentsquare.errors import (
    AuthenticationError,
    RetryableError,
    TokenRefusedError,
)


class Clock:
    """Moves when somebody pauses."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now

    def pause(self, seconds: float) -> bool:
        self.now += seconds
        return False


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def asked() -> list[int | None]:
    """The projects that a token was asked for."""
    return []


@pytest.fixture
def tokens(asked: list[int | None], clock: Clock) -> Tokens[int | None]:
    names = itertools.count(1)

    def sign_in(project: int | None) -> Token:
        asked.append(project)
        name = f"token-{next(names)}"
        return Token(name, "https://x", project or 0, 4600, 4600, clock.now)

    return Tokens(sign_in, clock, pause=clock.pause)


def test_a_refused_token_is_replaced_once(tokens: Tokens[int | None]) -> None:
    tried: list[str] = []

    def request(token: Token) -> str:
        tried.append(token.value)
        if len(tried) == 1:
            raise TokenRefusedError
        return "done"

    assert tokens.call(162, request) == "done"
    assert len(set(tried)) == 2


def test_a_fresh_token_that_is_refused_too_is_an_error(
    tokens: Tokens[int | None],
) -> None:

    def refuse(_: Token) -> Any:
        raise TokenRefusedError

    with pytest.raises(AuthenticationError, match="HTTP 401 twice"):
        tokens.call(162, refuse)


def test_projects_have_tokens_of_their_own(
    tokens: Tokens[int | None], asked: list[int | None]
) -> None:
    projects = [tokens.get(project).project_id for project in (162, 163, 162, 163)]
    assert projects == [162, 163, 162, 163]
    assert asked == [162, 163]


def test_a_fresh_token_that_is_not_known_everywhere_yet_is_tried_again(
    tokens: Tokens[int | None], clock: Clock, asked: list[int | None]
) -> None:
    def request(token: Token) -> str:
        if token.value == "token-1" or clock.now < 1009.0:
            raise TokenRefusedError
        return token.value

    assert tokens.call(162, request) == "token-2"
    assert asked == [162, 162]
    assert clock.now < 1011.0


def test_it_is_tried_for_ten_seconds_with_waits_between(
    tokens: Tokens[int | None], clock: Clock
) -> None:
    times: list[float] = []

    def refuse(_: Token) -> Any:
        times.append(clock.now)
        raise TokenRefusedError

    with pytest.raises(AuthenticationError):
        tokens.call(162, refuse)
    assert times[-1] == 1010.0
    assert len(times) < 12


def test_a_run_that_is_stopped_does_not_wait_for_a_fresh_token(
    asked: list[int | None], clock: Clock
) -> None:
    def sign_in(project: int) -> Token:
        asked.append(project)
        return Token("token", "https://x", project, 4600, 4600, clock.now)

    stopped = Tokens(sign_in, clock, pause=lambda _: True)

    def refuse(_: Token) -> Any:
        raise TokenRefusedError

    with pytest.raises(RetryableError, match="refuses a fresh token"):
        stopped.call(162, refuse)
    assert clock.now == 1000.0


def test_a_token_that_was_asked_for_before_the_refusal_is_not_a_fresh_one(
    tokens: Tokens[int | None], clock: Clock, asked: list[int | None]
) -> None:
    first = tokens.get(162)
    used: list[str] = []

    def request(token: Token) -> str:
        used.append(token.value)
        if token is first:
            # Meanwhile another request has had it renewed, and that is over too.
            clock.now += 1
            tokens.get(162, refused=first)
            clock.now += 1
            raise TokenRefusedError
        if token.value == "token-2":
            raise TokenRefusedError
        return "done"

    assert tokens.call(162, request) == "done"
    assert used == ["token-1", "token-2", "token-3"]
    assert asked == [162, 162, 162]
