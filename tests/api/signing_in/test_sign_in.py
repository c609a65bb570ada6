"""Signing in: what is asked, and what the answer means."""

import json
import re
from collections.abc import Callable

import pytest

from target_contentsquare.api.http.pool import HttpPool
from target_contentsquare.api.signing_in.account import Account, Credentials, Keyring
from target_contentsquare.api.signing_in.sign_in import TokenClient
from target_contentsquare.api.signing_in.tokens import Token
from target_contentsquare.errors import (
    AuthenticationError,
    ProjectNotCoveredError,
    RetryableError,
)
from target_contentsquare.sandbox import Fault, Sandbox
from tests.api.rig import RawServer, answer, answers

#: Makes a client with other credentials than the sandbox's account-level ones.
MakeClient = Callable[..., TokenClient]


@pytest.fixture
def make_client(sandbox: Sandbox, pool: HttpPool) -> MakeClient:
    def make(auth_url: str | None = None, **credentials: str) -> TokenClient:
        given = {
            "client_id": sandbox.client_id,
            "client_secret": sandbox.client_secret,
            **credentials,
        }
        return TokenClient(
            pool,
            auth_url or sandbox.auth_url,
            Keyring(Credentials(**given)),
            scope="enrichment",
            clock=lambda: 1000.0,
            wall_clock=lambda: 1_795_000_000.0,
        )

    return make


def test_a_token_for_a_project(make_client: MakeClient, sandbox: Sandbox) -> None:
    token = make_client().sign_in(Account(163))
    assert (token.project_id, token.endpoint) == (163, sandbox.url)
    assert token.renew_at == 1000.0 + 3600 - 60


def test_credentials_of_a_project_need_not_name_it(make_client: MakeClient) -> None:
    secret = "sandbox-162-secret"  # noqa: S105 - the sandbox's own
    client = make_client(client_id="sandbox-162", client_secret=secret)
    assert client.sign_in(Account(None)).project_id == 162


def test_a_token_that_lives_shortly_is_renewed_in_time(make_client: MakeClient) -> None:
    with Sandbox(token_seconds=10) as short:
        client = make_client(short.auth_url)
        assert client.sign_in(Account(162)).renew_at == 1009.0


def test_a_token_never_shows_its_value() -> None:
    assert "secret-value" not in repr(Token("secret-value", "https://x", 162, 0, 0))


@pytest.mark.parametrize(
    ("credentials", "project", "words"),
    [
        ({"client_id": "other"}, 162, "project 162 .*client_id and client_secret"),
        ({"client_secret": "other"}, 162, "they expire after a year"),
        ({}, 999, "no token for project 999 .HTTP 403."),
        ({}, None, "account-level credentials also need project_id"),
    ],
)
def test_a_refusal_says_what_to_change(
    make_client: MakeClient,
    credentials: dict[str, str],
    project: int | None,
    words: str,
) -> None:
    with pytest.raises(AuthenticationError, match=words):
        make_client(**credentials).sign_in(Account(project))


@pytest.mark.parametrize("status", [408, 425, 429, 500, 503])
def test_an_endpoint_in_trouble_is_to_be_tried_again(
    make_client: MakeClient, sandbox: Sandbox, status: int
) -> None:
    sandbox.add_fault(Fault(status=status, retry_after=7, on="token"))
    with pytest.raises(RetryableError, match=f"HTTP {status}") as failed:
        make_client().sign_in(Account(162))
    assert failed.value.retry_after == 7.0


def test_a_connection_that_breaks_is_to_be_tried_again(
    make_client: MakeClient, sandbox: Sandbox
) -> None:
    sandbox.add_fault(Fault(drop="before", on="token"))
    with pytest.raises(RetryableError, match="can't be reached"):
        make_client().sign_in(Account(162))


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(
    make_client: MakeClient, sandbox: Sandbox, status: int
) -> None:
    sandbox.add_fault(Fault(status=status, location=sandbox.auth_url, on="token"))
    with pytest.raises(AuthenticationError, match="redirects"):
        make_client().sign_in(Account(162))
    assert len(sandbox.token_requests) == 1


def granted(**changes: object) -> Fault:
    """Return an answer with a token; a change to None takes a key out."""
    answer = {
        "access_token": "token",
        "expires_in": 3600,
        "project_id": 162,
        "endpoint": "https://enrichment-api.eu.contentsquare.com",
        **changes,
    }
    given = {key: value for key, value in answer.items() if value is not None}
    return Fault(on="token", status=200, body=json.dumps(given))


@pytest.mark.parametrize(
    ("life", "seconds"),
    [(None, 3600.0), ("7200", 7200.0), (" 60.5 ", 60.5), (60, 60.0), (60.5, 60.5)],
)
def test_how_long_a_token_lives(
    make_client: MakeClient, sandbox: Sandbox, life: object, seconds: float
) -> None:
    sandbox.add_fault(granted(expires_in=life))
    assert make_client().sign_in(Account(162)).expires_at == 1000.0 + seconds


@pytest.mark.parametrize(
    "life", ["soon", "9" * 401, "", 0, -5, True, [3600], "1e5", "inf"]
)
def test_a_life_that_is_none(
    make_client: MakeClient, sandbox: Sandbox, life: object
) -> None:
    sandbox.add_fault(granted(expires_in=life))
    with pytest.raises(AuthenticationError, match="expires_in"):
        make_client().sign_in(Account(162))


@pytest.mark.parametrize(
    "body",
    [
        '{"access_token": "t", "endpoint": "https://x", "expires_in": %s}'
        % ("9" * 401),
        '{"access_token": "t", "endpoint": "https://x", "expires_in": NaN}',
        "[" * 100_000,
        "\ud800",
        "hello",
        "[]",
        "",
    ],
)
def test_an_answer_that_is_not_the_documented_json(pool: HttpPool, body: str) -> None:
    text = body.encode(errors="surrogatepass")
    with (
        RawServer(answers(answer(200, text))) as server,
        pytest.raises(AuthenticationError, match="not the documented JSON"),
    ):
        client_at(server.url, pool).sign_in(Account(162))


@pytest.mark.parametrize(
    "path", ["", "/", "/v1/enrichments", "/v1/enrichments/", "//v1/enrichments"]
)
def test_the_endpoint_comes_with_its_path_or_without(
    make_client: MakeClient, sandbox: Sandbox, path: str
) -> None:
    base = "https://enrichment-api.eu.contentsquare.com"
    sandbox.add_fault(granted(endpoint=f"{base}{path}"))
    assert make_client().sign_in(Account(162)).endpoint == base


@pytest.mark.parametrize("project", [None, 162, "162"])
def test_the_project_that_was_asked_for_need_not_be_told(
    make_client: MakeClient, sandbox: Sandbox, project: object
) -> None:
    sandbox.add_fault(granted(project_id=project))
    assert make_client().sign_in(Account(162)).project_id == 162


def test_the_project_that_was_not_asked_for_has_to_be_told(
    make_client: MakeClient, sandbox: Sandbox
) -> None:
    sandbox.add_fault(granted(project_id=None))
    with pytest.raises(AuthenticationError, match="set project_id"):
        make_client().sign_in(Account())


@pytest.mark.parametrize("project", ["9" * 5000, "shop", True, [162], 1.5])
def test_a_project_that_is_none(
    make_client: MakeClient, sandbox: Sandbox, project: object
) -> None:
    sandbox.add_fault(granted(project_id=project))
    with pytest.raises(AuthenticationError, match="'project_id' is not an integer"):
        make_client().sign_in(Account(162))


@pytest.mark.parametrize("project", [163, "163"])
def test_a_token_for_another_project_is_not_used(
    make_client: MakeClient, sandbox: Sandbox, project: object
) -> None:
    sandbox.add_fault(granted(project_id=project))
    with pytest.raises(ProjectNotCoveredError, match="project 163, not 162") as failed:
        make_client().sign_in(Account(162))
    assert failed.value.project_id == 162


def client_at(url: str, pool: HttpPool, keyring: Keyring | None = None) -> TokenClient:
    return TokenClient(
        pool,
        url,
        keyring or Keyring(Credentials("client", "Invalid_Grant")),
        scope="enrichment",
        clock=lambda: 1000.0,
        wall_clock=float,
    )


GRANT = b'{"access_token": "t", "endpoint": "https://x", "project_id": 162}'


def asked(server: RawServer) -> list[dict[str, object]]:
    return [json.loads(r.partition(b"\r\n\r\n")[2]) for r in server.requests]


def test_what_is_asked(pool: HttpPool) -> None:
    with RawServer(answers(answer(200, GRANT))) as server:
        client = client_at(server.url, pool)
        for account in (Account(), Account(162), Account(162, 100), Account(162, "a")):
            client.sign_in(account)
    known = {
        "client_id": "client",
        "client_secret": "Invalid_Grant",
        "grant_type": "client_credentials",
        "scope": "enrichment",
    }
    assert asked(server) == [
        known,
        {**known, "project_id": 162},
        {**known, "project_id": 162, "integration_id": 100},
        {**known, "project_id": 162, "integration_id": "a"},
    ]


def test_projects_may_have_credentials_of_their_own(pool: HttpPool) -> None:
    own = {
        163: Credentials("other", "secret", integration_id=7),
        164: Credentials("third", "secret"),
    }
    with RawServer(
        answers(answer(200, GRANT.replace(b', "project_id": 162', b"")))
    ) as server:
        client = client_at(server.url, pool, Keyring(Credentials("all", "s"), own))
        for account in (Account(162), Account(163), Account(163, 8), Account(164, 9)):
            client.sign_in(account)
    told = [(a["client_id"], a.get("integration_id")) for a in asked(server)]
    assert told == [("all", None), ("other", 7), ("other", 8), ("third", 9)]


@pytest.mark.parametrize(
    ("project", "words"),
    [(162, "no credentials for project 162: add it"), (None, "set project_id")],
)
def test_a_project_without_credentials_is_not_asked_about(
    pool: HttpPool, project: int | None, words: str
) -> None:
    with RawServer(answers(answer(200, GRANT))) as server:
        client = client_at(
            server.url, pool, Keyring(None, {163: Credentials("a", "b")})
        )
        with pytest.raises(ProjectNotCoveredError, match=words) as failed:
            client.sign_in(Account(project))
    assert failed.value.project_id == project
    assert server.requests == []


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"message": "Unauthorized"}, "HTTP 401"),
        ({"message": "ACCESS_DENIED"}, "HTTP 401, access_denied"),
        ({"errorMessage": "no", "errorCode": "JWT_EXPIRED"}, "HTTP 401, JWT_EXPIRED"),
        (
            {"error": "invalid_client", "error_description": "x"},
            "HTTP 401, invalid_client",
        ),
        ({"errorCode": "SECRET_IN_CAPITALS"}, "HTTP 401"),
        ({"message": "the secret is secret"}, "HTTP 401"),
        ({"error": {"invalid_client": 1}}, "HTTP 401"),
        (["invalid_client"], "HTTP 401"),
    ],
)
def test_a_known_name_of_an_error_is_shown_and_nothing_else(
    pool: HttpPool, body: object, told: str
) -> None:
    with (
        RawServer(answers(answer(401, json.dumps(body).encode()))) as server,
        pytest.raises(AuthenticationError, match=re.escape(f"({told}): check")),
    ):
        client_at(server.url, pool).sign_in(Account(162))


def test_a_first_sign_in_that_gets_nothing_but_500_may_be_due_to_the_credentials(
    make_client: MakeClient, sandbox: Sandbox
) -> None:
    sandbox.add_fault(Fault(status=500, on="token", count=2))
    client = make_client()
    for _ in range(2):
        with pytest.raises(RetryableError, match="check client_id") as failed:
            client.sign_in(Account(162))
    assert failed.value.cause == "HTTP 500"
    client.sign_in(Account(162))
    sandbox.add_fault(Fault(status=500, on="token"))
    with pytest.raises(RetryableError) as failed:
        client.sign_in(Account(162))
    assert str(failed.value) == "the token endpoint answered HTTP 500"


@pytest.mark.parametrize("status", [429, 503])
def test_trouble_says_what_kind_it_is(
    make_client: MakeClient, sandbox: Sandbox, status: int
) -> None:
    sandbox.add_fault(Fault(status=status, on="token"))
    with pytest.raises(RetryableError) as failed:
        make_client().sign_in(Account(162))
    assert failed.value.is_throttling is (status == 429)
    assert failed.value.cause == f"HTTP {status}"
    assert failed.value.host == "127.0.0.1"
