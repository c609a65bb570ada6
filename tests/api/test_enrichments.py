"""One POST: what is sent, and what each answer means."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from target_contentsquare.api.enrichments import EnrichmentApi
from target_contentsquare.api.pool import HttpPool
from target_contentsquare.api.tokens import Token
from target_contentsquare.enrichment import Enrichment
from target_contentsquare.errors import (
    ApiError,
    BatchRefusedError,
    RetryableError,
    TokenRefusedError,
)
from target_contentsquare.sandbox import Fault, Sandbox

NOW = 1_795_000_000.0


def batch_of(count: int = 2) -> list[Enrichment]:
    return [
        Enrichment(f"u-{n}", 5, 1, {"call_duration": n, "name": "é"})
        for n in range(count)
    ]


@pytest.fixture
def pool() -> Iterator[HttpPool]:
    with HttpPool(2, "target-contentsquare/test", timeout=5) as pool:
        yield pool


@pytest.fixture
def written() -> list[str]:
    """An entry for each request that was written."""
    return []


def api_of(pool: HttpPool, written: list[str]) -> EnrichmentApi:
    return EnrichmentApi(
        pool,
        wall_clock=lambda: NOW,
        on_written=lambda: written.append("a request"),
    )


@pytest.fixture
def api(pool: HttpPool, written: list[str]) -> EnrichmentApi:
    return api_of(pool, written)


@pytest.fixture
def token(sandbox: Sandbox) -> Token:
    asked = {
        "client_id": sandbox.client_id,
        "client_secret": sandbox.client_secret,
        "grant_type": "client_credentials",
        "scope": "enrichment",
        "project_id": 162,
    }
    answer = requests.post(sandbox.auth_url, json=asked, timeout=5).json()
    return Token(answer["access_token"], answer["endpoint"], 162, 0, 0)


def test_a_batch_is_the_documented_json(api: EnrichmentApi) -> None:
    assert json.loads(api.payload(162, 1, batch_of(1))) == {
        "integrationVersion": 1,
        "projectId": 162,
        "enrichments": [
            {
                "userId": "u-0",
                "sessionNumber": 5,
                "enrichmentNumber": 1,
                "enrichment": {"call_duration": 0, "name": "é"},
            }
        ],
    }


def test_a_batch_arrives(api: EnrichmentApi, token: Token, sandbox: Sandbox) -> None:
    api.send(token, 1, batch_of(200))
    assert len(sandbox.enrichments) == 200


def test_a_connection_is_used_again(
    api: EnrichmentApi, token: Token, sandbox: Sandbox
) -> None:
    for _ in range(3):
        api.send(token, 1, batch_of())
        with pytest.raises(ApiError):
            api.send(token, 9, batch_of(1))
    assert sandbox.connections == 1


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 520, 599])
def test_answers_to_try_again(
    api: EnrichmentApi, token: Token, sandbox: Sandbox, status: int
) -> None:
    sandbox.add_fault(Fault(status=status, body="<html>row marker</html>"))
    with pytest.raises(RetryableError) as failed:
        api.send(token, 1, batch_of())
    assert str(failed.value) == f"Contentsquare answered HTTP {status}"
    assert failed.value.retry_after is None


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("7", 7.0), ("Wed, 18 Nov 2026 10:40:10 GMT", 1795000000 - 1794998410)],
)
def test_both_forms_of_retry_after(
    api: EnrichmentApi, token: Token, sandbox: Sandbox, header: str, seconds: float
) -> None:
    sandbox.add_fault(Fault(status=429, retry_after=header))
    with pytest.raises(RetryableError) as failed:
        api.send(token, 1, batch_of())
    assert failed.value.retry_after is None or failed.value.retry_after == seconds


@pytest.mark.parametrize("drop", ["before", "after"])
def test_a_connection_that_breaks_is_to_be_tried_again(
    api: EnrichmentApi, token: Token, sandbox: Sandbox, drop: str
) -> None:
    sandbox.add_fault(Fault(drop=drop))  # type: ignore[arg-type] # one of its words
    with pytest.raises(RetryableError, match="no answer from Contentsquare"):
        api.send(token, 1, batch_of())
    api.send(token, 1, batch_of())
    assert len(sandbox.enrichments) == 2


def test_an_answer_that_takes_too_long_is_to_be_tried_again(
    token: Token, sandbox: Sandbox, written: list[str]
) -> None:
    sandbox.add_fault(Fault(delay_ms=2000))
    with (
        HttpPool(1, "tests", timeout=0.05) as hasty,
        pytest.raises(RetryableError, match="Timeout"),
    ):
        api_of(hasty, written).send(token, 1, batch_of())
    # It tells that the request was written, before there is an answer.
    assert written == ["a request"]


def test_nobody_listens(api: EnrichmentApi, written: list[str]) -> None:
    token = Token("t", "http://127.0.0.1:1", 162, 0, 0)
    with pytest.raises(RetryableError, match="no answer from Contentsquare"):
        api.send(token, 1, batch_of())
    assert written == []


def test_401_wants_a_new_token(
    api: EnrichmentApi, token: Token, sandbox: Sandbox
) -> None:
    sandbox.expire_tokens()
    with pytest.raises(TokenRefusedError):
        api.send(token, 1, batch_of())


def test_a_batch_with_a_bad_row_is_refused_as_a_whole(
    api: EnrichmentApi, token: Token, sandbox: Sandbox
) -> None:
    sandbox.refuse_users(["u-1"])
    with pytest.raises(BatchRefusedError):
        api.send(token, 1, batch_of())
    assert not sandbox.enrichments


def test_a_bad_version_is_no_bad_row(api: EnrichmentApi, token: Token) -> None:
    with pytest.raises(ApiError, match="no integration version 9"):
        api.send(token, 9, batch_of())


def test_only_the_documented_words_mean_a_bad_row(
    api: EnrichmentApi, token: Token, sandbox: Sandbox
) -> None:
    sandbox.add_fault(Fault(status=400, body='{"message": "something else"}'))
    with pytest.raises(ApiError, match="HTTP 400"):
        api.send(token, 1, batch_of())


def test_a_netrc_does_not_replace_the_token(
    api: EnrichmentApi,
    token: Token,
    sandbox: Sandbox,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password wrong\n")
    monkeypatch.setenv("NETRC", str(netrc))
    api.send(token, 1, batch_of())
    assert len(sandbox.enrichments) == 2
