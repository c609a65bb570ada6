"""The tokens of a run: one for each project, replaced when it is refused."""

import itertools
from typing import Any

import pytest

from target_contentsquare.api.tokens import Token, Tokens
from target_contentsquare.errors import AuthenticationError, TokenRefusedError


@pytest.fixture
def asked() -> list[int | None]:
    """The projects that a token was asked for."""
    return []


@pytest.fixture
def tokens(asked: list[int | None]) -> Tokens:
    names = itertools.count(1)

    def sign_in(project: int | None) -> Token:
        asked.append(project)
        return Token(f"token-{next(names)}", "https://x", project or 0, 4600, 4600)

    return Tokens(sign_in, lambda: 1000.0)


def test_a_refused_token_is_replaced_once(tokens: Tokens) -> None:
    tried: list[str] = []

    def request(token: Token) -> str:
        tried.append(token.value)
        if len(tried) == 1:
            raise TokenRefusedError
        return "done"

    assert tokens.call(162, request) == "done"
    assert len(set(tried)) == 2


def test_a_fresh_token_that_is_refused_too_is_an_error(tokens: Tokens) -> None:

    def refuse(_: Token) -> Any:
        raise TokenRefusedError

    with pytest.raises(AuthenticationError, match="HTTP 401 twice"):
        tokens.call(162, refuse)


def test_projects_have_tokens_of_their_own(
    tokens: Tokens, asked: list[int | None]
) -> None:
    projects = [tokens.get(project).project_id for project in (162, 163, 162, 163)]
    assert projects == [162, 163, 162, 163]
    assert asked == [162, 163]
