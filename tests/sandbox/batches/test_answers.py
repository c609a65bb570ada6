from collections.abc import Callable

import pytest
import requests

from target_contentsquare.sandbox import Answers, Sandbox

Ask = Callable[..., requests.Response]
Row = Callable[..., dict[str, object]]
Headers = Callable[..., dict[str, str]]

SENTENCE = "enrichments don't match expected payload"


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_a_success_can_have_other_statuses(send: Ask, row: Row, status: int) -> None:
    with Sandbox(answers=Answers(success=status)) as sandbox:  # type: ignore[arg-type] # a parameter
        answer = send(sandbox, [row()])

        assert (answer.status_code, answer.content) == (status, b"")
        assert sandbox.totals.delivered_enrichments == 1


def test_a_success_can_have_a_body(send: Ask, row: Row) -> None:
    with Sandbox(answers=Answers(success_body='{"accepted": 0}')) as sandbox:
        assert send(sandbox, [row()]).json() == {"accepted": 0}


def test_a_204_with_a_body_is_an_error() -> None:
    with pytest.raises(ValueError, match="204"):
        Answers(success=204, success_body="x")


@pytest.mark.parametrize(
    ("answers", "status", "document"),
    [
        (Answers(refusal=413), 413, {"message": SENTENCE}),
        (Answers(refusal=422), 422, {"message": SENTENCE}),
        (Answers(refusal_key="error"), 400, {"error": SENTENCE}),
        (
            Answers(refusal_key="errorMessage"),
            400,
            {
                "success": False,
                "errorMessage": SENTENCE,
                "errorCode": "INVALID_PAYLOAD",
            },
        ),
    ],
)
def test_a_refusal_can_have_other_statuses_and_keys(
    send: Ask, row: Row, answers: Answers, status: int, document: object
) -> None:
    with Sandbox(answers=answers) as sandbox:
        answer = send(sandbox, [row(sessionNumber=0)])

    assert (answer.status_code, answer.json()) == (status, document)


def test_the_other_documented_sentence_has_the_same_key(send: Ask, row: Row) -> None:
    with Sandbox(answers=Answers(refusal=422, refusal_key="error")) as sandbox:
        answer = send(sandbox, [row()], integrationVersion=2)

    assert (answer.status_code, answer.json()) == (
        400,
        {"error": "bad integration version"},
    )


def test_a_firewall_refuses_batches_with_a_user_whatever_the_token(
    send: Ask, row: Row
) -> None:
    with Sandbox(blocked_users=["b"]) as sandbox:
        for headers in (None, {"Authorization": "none"}):
            answer = send(sandbox, [row("a"), row("b")], headers)
            assert answer.status_code == 403
            assert answer.headers["Content-Type"].startswith("text/html")
        assert (sandbox.requests[0].row, sandbox.requests[0].user_id) == (1, "b")
        assert send(sandbox, [row("a")]).status_code == 200

        sandbox.block_users(["a"])
        assert send(sandbox, [row("a")]).status_code == 403
        assert send(sandbox, [row("b")]).status_code == 200


def test_a_summary_says_whose_enrichment_was_refused_and_by_which_rule(
    sandbox: Sandbox, send: Ask, row: Row
) -> None:
    send(sandbox, [row(), row("b", 7, enrichment={"note": "x" * 60})])

    (summary,) = sandbox.requests
    assert (summary.user_id, summary.session_number) == ("b", 7)
    assert (summary.field, summary.rule) == ("note", "longer than 50 bytes")
    assert summary.reason == "'note': 60 bytes long, 50 are allowed"
