"""Signing in: what is asked, and what the answer means."""

from collections.abc import Callable, Iterator

import pytest

from target_contentsquare.api.pool import HttpPool
from target_contentsquare.api.sign_in import TokenClient
from target_contentsquare.api.tokens import Token
from target_contentsquare.errors import AuthenticationError, RetryableError
from target_contentsquare.sandbox import Fault, Sandbox

#: Makes a client with other credentials than the sandbox's account-level ones.
MakeClient = Callable[..., TokenClient]


@pytest.fixture
def make_client(sandbox: Sandbox) -> Iterator[MakeClient]:
    with HttpPool(1, "target-contentsquare/test", timeout=5) as pool:

        def make(**credentials: str) -> TokenClient:
            given = {
                "client_id": sandbox.client_id,
                "client_secret": sandbox.client_secret,
                "scope": "enrichment",
                **credentials,
            }
            return TokenClient(
                pool,
                sandbox.auth_url,
                given,
                clock=lambda: 1000.0,
                wall_clock=lambda: 1_795_000_000.0,
            )

        yield make


def test_a_token_for_a_project(make_client: MakeClient, sandbox: Sandbox) -> None:
    token = make_client().sign_in(163)
    assert (token.project_id, token.endpoint) == (163, sandbox.url)
    assert token.renew_at == 1000.0 + 3600 - 60


def test_credentials_of_a_project_need_not_name_it(make_client: MakeClient) -> None:
    secret = "sandbox-162-secret"  # noqa: S105 - the sandbox's own
    client = make_client(client_id="sandbox-162", client_secret=secret)
    assert client.sign_in(None).project_id == 162


def test_a_token_that_lives_shortly_is_renewed_in_time(make_client: MakeClient) -> None:
    with Sandbox(token_seconds=10) as short:
        client = make_client()
        client._auth_url = short.auth_url  # noqa: SLF001 - another sandbox
        assert client.sign_in(162).renew_at == 1009.0


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
        make_client(**credentials).sign_in(project)


@pytest.mark.parametrize("status", [408, 425, 429, 500, 503])
def test_an_endpoint_in_trouble_is_to_be_tried_again(
    make_client: MakeClient, sandbox: Sandbox, status: int
) -> None:
    sandbox.add_fault(Fault(status=status, retry_after=7, on="token"))
    with pytest.raises(RetryableError, match=f"HTTP {status}") as failed:
        make_client().sign_in(162)
    assert failed.value.retry_after == 7.0


def test_a_connection_that_breaks_is_to_be_tried_again(
    make_client: MakeClient, sandbox: Sandbox
) -> None:
    sandbox.add_fault(Fault(drop="before", on="token"))
    with pytest.raises(RetryableError, match="can't be reached"):
        make_client().sign_in(162)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(
    make_client: MakeClient, sandbox: Sandbox, status: int
) -> None:
    sandbox.add_fault(Fault(status=status, location=sandbox.auth_url, on="token"))
    with pytest.raises(AuthenticationError, match="redirects"):
        make_client().sign_in(162)
    assert len(sandbox.token_requests) == 1
