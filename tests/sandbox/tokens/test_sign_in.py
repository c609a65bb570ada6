import json
from base64 import urlsafe_b64decode
from collections.abc import Callable
from typing import Any

import pytest
import requests

from target_contentsquare.sandbox import Sandbox, SignIn

Ask = Callable[..., requests.Response]
Row = Callable[..., dict[str, object]]
Headers = Callable[..., dict[str, str]]

WRONG = {"client_secret": "wrong"}


def claims(answer: requests.Response) -> dict[str, Any]:
    payload = answer.json()["access_token"].split(".")[1]
    decoded: dict[str, Any] = json.loads(urlsafe_b64decode(payload + "==="))
    return decoded


def test_a_token_has_the_claims_of_the_documentation(
    sandbox: Sandbox, ask_token: Ask
) -> None:
    found = claims(ask_token(sandbox, integration_id=7))

    assert found.pop("exp") - found.pop("iat") == 3600
    assert found == {
        "iss": "enrichmentIntegration",
        "version": "1",
        "projectId": 162,
        "integrationId": 7,
    }


@pytest.mark.parametrize(
    ("given", "claim"), [(7, 7), ("7", 7), ("a", "a"), (None, 100)]
)
def test_an_integration_may_be_named(
    sandbox: Sandbox, ask_token: Ask, given: object, claim: object
) -> None:
    assert claims(ask_token(sandbox, integration_id=given))["integrationId"] == claim
    assert sandbox.token_requests[-1].integration_id == str(claim)


def test_an_integration_can_be_required(ask_token: Ask) -> None:
    with Sandbox(sign_in=SignIn(integration_id_required=True)) as sandbox:
        answer = ask_token(sandbox)
        assert answer.status_code == 400
        assert answer.json() == {"message": "integration_id is required"}
        assert ask_token(sandbox, integration_id=1).status_code == 200


def test_an_integration_that_is_not_covered_is_refused(ask_token: Ask) -> None:
    sign_in = SignIn(integration_ids=frozenset({"7", "8"}))
    with Sandbox(sign_in=sign_in) as sandbox:
        assert ask_token(sandbox, integration_id=8).status_code == 200
        assert ask_token(sandbox, integration_id="9").status_code == 403
        assert sandbox.token_requests[-1].reason == (
            "the credentials don't cover integration '9'"
        )
        assert claims(ask_token(sandbox))["integrationId"] == 7


@pytest.mark.parametrize("wrong", [True, 1.5, "", [], {}])
def test_an_integration_is_an_integer_or_text(
    sandbox: Sandbox, ask_token: Ask, wrong: object
) -> None:
    answer = ask_token(sandbox, integration_id=wrong)

    assert answer.status_code == 400
    assert "integration_id" in answer.json()["message"]


def test_every_project_can_have_credentials_of_its_own(ask_token: Ask) -> None:
    given: dict[int, dict[str, object]] = {
        7: {"client_id": "a", "client_secret": "hush", "integration_id": 70},
        8: {"client_id": "b", "client_secret": "hush"},
    }
    with Sandbox(credentials=given) as sandbox:
        own = {"client_id": "a", "client_secret": "hush"}
        other = {"client_id": "b", "client_secret": "hush"}
        first = ask_token(sandbox, project_id=7, integration_id=70, **own)
        second = ask_token(sandbox, project_id=None, **other)

        assert (claims(first)["projectId"], claims(first)["integrationId"]) == (7, 70)
        assert claims(second)["projectId"] == 8
        assert ask_token(sandbox, project_id=8, **own).status_code == 403
        assert ask_token(sandbox, project_id=7, integration_id=71, **own).json() == {
            "message": "Forbidden"
        }


@pytest.mark.parametrize(
    "wrong",
    [
        [],
        {"a": {"client_id": "a", "client_secret": "b"}},
        {"7": []},
        {"7": {"client_id": "a"}},
        {"7": {"client_id": "a", "client_secret": 1}},
        {"7": {"client_id": "a", "client_secret": "b", "secret": "c"}},
    ],
)
def test_credentials_of_another_form_are_an_error(wrong: Any) -> None:
    with pytest.raises(ValueError, match=r"project|must"):
        Sandbox(credentials=wrong)


def test_the_endpoint_can_come_with_its_path(ask_token: Ask) -> None:
    with Sandbox(sign_in=SignIn(endpoint_with_path=True)) as sandbox:
        endpoint = ask_token(sandbox).json()["endpoint"]

        assert endpoint == f"{sandbox.url}/v1/enrichments"


@pytest.mark.parametrize(
    ("sign_in", "expires_in"),
    [(SignIn(expires_in="text"), "3600"), (SignIn(expires_in="missing"), None)],
)
def test_expires_in_can_be_text_or_missing(
    ask_token: Ask, sign_in: SignIn, expires_in: object
) -> None:
    with Sandbox(sign_in=sign_in) as sandbox:
        assert ask_token(sandbox).json().get("expires_in") == expires_in


def test_the_answer_need_not_name_the_project(ask_token: Ask) -> None:
    with Sandbox(sign_in=SignIn(project_id_in_answer=False)) as sandbox:
        assert "project_id" not in ask_token(sandbox).json()


@pytest.mark.parametrize(
    ("sign_in", "answer"),
    [
        (SignIn(), {"message": "Unauthorized"}),
        (
            SignIn(error_format="errorMessage"),
            {
                "success": False,
                "errorMessage": "Unauthorized",
                "errorCode": "INVALID_CLIENT",
            },
        ),
        (
            SignIn(error_format="error"),
            {"error": "invalid_client", "error_description": "Unauthorized"},
        ),
    ],
)
def test_errors_of_the_token_endpoint_have_three_formats(
    ask_token: Ask, sign_in: SignIn, answer: object
) -> None:
    with Sandbox(sign_in=sign_in) as sandbox:
        refused = ask_token(sandbox, **WRONG)

    assert (refused.status_code, refused.json()) == (401, answer)


def test_wrong_credentials_can_be_answered_500(ask_token: Ask) -> None:
    with Sandbox(sign_in=SignIn(wrong_credentials=500)) as sandbox:
        assert ask_token(sandbox, **WRONG).status_code == 500
        assert ask_token(sandbox, project_id=9).status_code == 403
        assert sandbox.token_requests[0].outcome == "refused"


def test_a_new_token_can_be_refused_for_some_seconds(
    send: Ask, row: Row, bearer: Headers
) -> None:
    now = [1000.0]
    sign_in = SignIn(token_refused_seconds=3)
    with Sandbox(sign_in=sign_in, clock=lambda: now[0]) as sandbox:
        headers = bearer(sandbox)
        answer = send(sandbox, [row()], headers)
        assert (answer.status_code, answer.json()) == (401, {"message": "Unauthorized"})
        now[0] += 3
        assert send(sandbox, [row()], headers).status_code == 200


def test_a_refused_sign_in_is_counted_apart_from_a_fault(
    sandbox: Sandbox, ask_token: Ask
) -> None:
    ask_token(sandbox, **WRONG)
    ask_token(sandbox)

    totals = sandbox.totals
    assert (totals.refused_token_requests, totals.tokens_issued) == (1, 1)
