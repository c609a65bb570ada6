"""One POST: what is sent, and what each answer means."""

import json
import logging
from pathlib import Path

import pytest
import requests

from target_contentsquare.api.enrichments import EnrichmentApi, payload
from target_contentsquare.api.http.attempts import Attempts
from target_contentsquare.api.http.pool import HttpPool
from target_contentsquare.api.signing_in.tokens import Token
from target_contentsquare.enrichment import Enrichment, encode
from target_contentsquare.errors import (
    ApiError,
    BatchRefusedError,
    RetryableError,
    TokenRefusedError,
)
from target_contentsquare.sandbox import Fault, Sandbox

NOW = 1_795_000_000.0


def batch_of(count: int = 2) -> bytes:
    return encode(
        [
            Enrichment(f"u-{n}", 5, 1, {"call_duration": n, "name": "é"})
            for n in range(count)
        ]
    )


@pytest.fixture
def written() -> list[str]:
    """An entry for each request that was written."""
    return []


def api_of(pool: HttpPool, written: list[str]) -> EnrichmentApi:
    return EnrichmentApi(
        pool,
        wall_clock=lambda: NOW,
        on_written=lambda: written.append("a request"),
        log=logging.getLogger("test"),
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


def test_a_batch_is_the_documented_json() -> None:
    assert json.loads(payload(162, 1, batch_of(1))) == {
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
    token: Token, sandbox: Sandbox, written: list[str], attempts: Attempts
) -> None:
    sandbox.add_fault(Fault(delay_ms=2000))
    with (
        HttpPool(1, "tests", timeout=0.05, attempts=attempts) as hasty,
        pytest.raises(RetryableError, match="timed out"),
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


@pytest.mark.parametrize("status", [201, 202, 204])
def test_other_successes_count_as_delivered(
    api: EnrichmentApi, token: Token, sandbox: Sandbox, status: int
) -> None:
    sandbox.add_fault(Fault(status=status, body=""))
    api.send(token, 1, batch_of())
    # Only once a token has delivered, a 403 is about the rows.
    sandbox.add_fault(Fault(status=403, body=""))
    with pytest.raises(BatchRefusedError):
        api.send(token, 1, batch_of())


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, '{"message": "something else"}'),
        (400, '{"errorMessage": "enrichments don\'t match expected payload"}'),
        (400, "<html>"),
        (400, ""),
        (413, ""),
        (422, '{"error": "row marker"}'),
    ],
)
def test_a_refused_batch_may_have_one_bad_row(
    api: EnrichmentApi, token: Token, sandbox: Sandbox, status: int, body: str
) -> None:
    sandbox.add_fault(Fault(status=status, body=body))
    with pytest.raises(BatchRefusedError) as refused:
        api.send(token, 1, batch_of())
    assert refused.value.status == status
    assert str(refused.value) == f"HTTP {status}"


@pytest.mark.parametrize("key", ["message", "errorMessage", "error"])
def test_a_bad_version_is_told_in_each_dialect(
    api: EnrichmentApi, token: Token, sandbox: Sandbox, key: str
) -> None:
    body = json.dumps({key: "Bad Integration VERSION"})
    sandbox.add_fault(Fault(status=400, body=body))
    with pytest.raises(ApiError, match="no integration version 1"):
        api.send(token, 1, batch_of())


@pytest.mark.parametrize("status", [403, 404, 405, 409, 410, 415, 431, 203, 307])
def test_answers_that_end_the_run(
    api: EnrichmentApi, token: Token, sandbox: Sandbox, status: int
) -> None:
    sandbox.add_fault(Fault(status=status, body='{"message": "row marker"}'))
    with pytest.raises(ApiError, match=f"HTTP {status}") as failed:
        api.send(token, 1, batch_of())
    assert "marker" not in str(failed.value)


def test_a_token_that_has_delivered_is_not_what_a_403_is_about(
    api: EnrichmentApi, token: Token, sandbox: Sandbox
) -> None:
    api.send(token, 1, batch_of())
    sandbox.add_fault(Fault(status=403))
    with pytest.raises(BatchRefusedError) as refused:
        api.send(token, 1, batch_of())
    assert refused.value.status == 403


def test_another_token_may_be_what_a_403_is_about(
    api: EnrichmentApi, token: Token, sandbox: Sandbox
) -> None:
    api.send(token, 1, batch_of())
    sandbox.add_fault(Fault(status=403))
    other = Token("other", token.endpoint, 163, 0, 0)
    with pytest.raises(ApiError, match="forbids to enrich project 163"):
        api.send(other, 1, batch_of())


def test_a_known_error_name_is_shown_and_no_other_text(
    api: EnrichmentApi, token: Token, sandbox: Sandbox
) -> None:
    for body in ({"errorCode": "ACCESS_denied"}, {"errorCode": "ROW_MARKER"}):
        sandbox.add_fault(Fault(status=403, body=json.dumps(body)))
    with pytest.raises(ApiError, match=r"\(HTTP 403, access_denied\)"):
        api.send(token, 1, batch_of())
    with pytest.raises(ApiError, match=r"\(HTTP 403\)"):
        api.send(token, 1, batch_of())


def test_a_success_with_a_body_is_warned_about_once(
    api: EnrichmentApi,
    token: Token,
    sandbox: Sandbox,
    caplog: pytest.LogCaptureFixture,
) -> None:
    sandbox.add_fault(Fault(status=200, body='{"row": "marker"}', count=3))
    for _ in range(3):
        api.send(token, 1, batch_of())
    (line,) = caplog.messages
    assert "a text of 17 bytes" in line
    assert "marker" not in line


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
