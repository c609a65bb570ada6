from collections.abc import Callable

import pytest
import requests

from target_contentsquare.sandbox import Sandbox

Ask = Callable[..., requests.Response]


def test_account_credentials_get_a_token_for_the_project_they_name(
    sandbox: Sandbox, ask_token: Ask
) -> None:
    answer = ask_token(sandbox, project_id=163)

    assert answer.status_code == 200
    assert answer.json() == {
        "access_token": answer.json()["access_token"],
        "token_type": "Bearer",
        "expires_in": 3600,
        "scope": "enrichment",
        "project_id": 163,
        "endpoint": sandbox.url,
    }


def test_a_token_looks_like_a_jwt_and_never_comes_twice(
    sandbox: Sandbox, ask_token: Ask
) -> None:
    tokens = {ask_token(sandbox).json()["access_token"] for _ in range(5)}

    assert len(tokens) == 5
    assert all(token.count(".") == 2 for token in tokens)


def test_the_endpoint_is_where_the_client_reached_the_sandbox(sandbox: Sandbox) -> None:
    answer = requests.post(
        sandbox.auth_url,
        json={
            "client_id": "sandbox-162",
            "client_secret": "sandbox-162-secret",
            "grant_type": "client_credentials",
            "scope": "enrichment",
        },
        headers={"Host": "contentsquare.test:8750"},
        timeout=5,
    )

    assert answer.json()["endpoint"] == "http://contentsquare.test:8750"


def test_account_credentials_must_name_a_project(
    sandbox: Sandbox, ask_token: Ask
) -> None:
    answer = ask_token(sandbox, project_id=None)

    assert answer.status_code == 400
    assert "project_id is required" in answer.json()["message"]


@pytest.mark.parametrize("asked", [None, 162])
def test_project_credentials_know_their_project(
    sandbox: Sandbox, ask_token: Ask, asked: int | None
) -> None:
    own = {"client_id": "sandbox-162", "client_secret": "sandbox-162-secret"}

    answer = ask_token(sandbox, project_id=asked, **own)

    assert answer.json()["project_id"] == 162


def test_project_credentials_are_refused_another_project(
    sandbox: Sandbox, ask_token: Ask
) -> None:
    own = {"client_id": "sandbox-162", "client_secret": "sandbox-162-secret"}

    answer = ask_token(sandbox, project_id=163, **own)

    assert (answer.status_code, answer.json()) == (403, {"message": "Forbidden"})


def test_a_project_that_is_not_covered_is_refused(
    sandbox: Sandbox, ask_token: Ask
) -> None:
    answer = ask_token(sandbox, project_id=999)

    assert (answer.status_code, answer.json()) == (403, {"message": "Forbidden"})
    assert sandbox.token_requests[-1].reason == (
        "the credentials don't cover project 999"
    )


@pytest.mark.parametrize(
    "wrong",
    [{"client_id": "who"}, {"client_secret": "guess"}, {"client_secret": "é\ud800"}],
)
def test_wrong_credentials_are_unauthorized(
    sandbox: Sandbox, ask_token: Ask, wrong: dict[str, str]
) -> None:
    answer = ask_token(sandbox, **wrong)

    assert (answer.status_code, answer.json()) == (401, {"message": "Unauthorized"})


@pytest.mark.parametrize(
    ("changes", "about"),
    [
        ({"grant_type": "password"}, "grant_type"),
        ({"grant_type": None}, "grant_type"),
        ({"scope": "data-export"}, "scope"),
        ({"scope": None}, "scope"),
        ({"client_id": None}, "client_id"),
        ({"client_id": 1}, "client_id"),
        ({"client_secret": ""}, "client_secret"),
        ({"project_id": "162"}, "project_id"),
        ({"project_id": True}, "project_id"),
        ({"project_id": 162.0}, "project_id"),
        ({"audience": "x"}, "audience"),
    ],
)
def test_a_wrong_field_is_a_bad_request_that_names_it(
    sandbox: Sandbox, ask_token: Ask, changes: dict[str, object], about: str
) -> None:
    answer = ask_token(sandbox, **changes)

    assert answer.status_code == 400
    assert about in answer.json()["message"]
    assert sandbox.totals.tokens_issued == 0


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"client_id=sandbox&grant_type=client_credentials",
        b"[]",
        b'{"scope": "enrichment", "scope": "enrichment"}',
        b"\xff",
    ],
)
def test_anything_but_a_json_object_is_a_bad_request(
    sandbox: Sandbox, body: bytes
) -> None:
    answer = requests.post(sandbox.auth_url, data=body, timeout=5)

    assert answer.status_code == 400
    assert answer.json()["message"]


def test_own_projects_and_credentials_replace_the_default_ones(ask_token: Ask) -> None:
    made = [("team", "hush", 7)]
    with Sandbox(projects=[9], client_id="me", project_credentials=made) as sandbox:
        assert ask_token(sandbox, project_id=9).json()["project_id"] == 9
        assert ask_token(sandbox, project_id=162).status_code == 403
        team = {"client_id": "team", "client_secret": "hush", "project_id": None}
        assert ask_token(sandbox, **team).json()["project_id"] == 7


def test_token_requests_are_remembered_without_the_secret(
    sandbox: Sandbox, ask_token: Ask
) -> None:
    wrong = {"client_secret": "guess"}
    ask_token(sandbox)
    ask_token(sandbox, **wrong)

    good, bad = sandbox.token_requests
    assert (good.status, good.client_id, good.project_id) == (200, "sandbox", 162)
    assert (bad.status, bad.reason) == (
        401,
        "no credentials have this client_id and client_secret",
    )
    assert "guess" not in repr(sandbox.token_requests)
    assert (sandbox.totals.token_requests, sandbox.totals.tokens_issued) == (2, 1)
