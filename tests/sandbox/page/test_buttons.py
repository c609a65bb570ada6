from collections.abc import Callable

import pytest
import requests

from target_contentsquare.sandbox import Sandbox
from target_contentsquare.sandbox.faults.fault_syntax import fault_from_text
from target_contentsquare.sandbox.page.buttons import FAULTS

Ask = Callable[..., requests.Response]
Row = Callable[..., dict[str, object]]
Headers = Callable[..., dict[str, str]]


def press(sandbox: Sandbox, button: str, **fields: str) -> requests.Response:
    """Sends a form as a browser sends it from the page."""
    return requests.post(
        f"{sandbox.url}/_sandbox/buttons/{button}",
        data=fields,
        headers={"Origin": sandbox.url, "Sec-Fetch-Site": "same-origin"},
        timeout=5,
        allow_redirects=False,
    )


def test_a_button_leads_back_to_the_page(sandbox: Sandbox) -> None:
    answer = press(sandbox, "reset")

    assert (answer.status_code, answer.headers["Location"]) == (303, "/")


def test_reset_forgets_what_was_received(sandbox: Sandbox, send: Ask, row: Row) -> None:
    send(sandbox, [row()])

    press(sandbox, "reset")

    assert sandbox.enrichments == {}


def test_tokens_can_be_made_to_expire(
    sandbox: Sandbox, send: Ask, row: Row, bearer: Headers
) -> None:
    headers = bearer(sandbox)

    press(sandbox, "expire-tokens")

    assert send(sandbox, [row()], headers).status_code == 401


def test_a_fault_can_be_added(sandbox: Sandbox, send: Ask, row: Row) -> None:
    press(sandbox, "fault", fault="status=503")

    assert [send(sandbox, [row()]).status_code for _ in range(2)] == [503, 200]


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_that_is_offered_can_be_ordered(fault: str) -> None:
    assert fault_from_text(fault)


def test_users_can_be_refused_one_after_the_other_and_accepted_again(
    sandbox: Sandbox, send: Ask, row: Row
) -> None:
    press(sandbox, "refuse", user=" ann ")
    press(sandbox, "refuse", user="bob")
    press(sandbox, "refuse", user="")
    assert {send(sandbox, [row(user)]).status_code for user in ("ann", "bob")} == {400}

    press(sandbox, "refuse-none")
    assert {send(sandbox, [row(user)]).status_code for user in ("ann", "bob")} == {200}


def test_the_rate_can_be_changed_and_taken_away(sandbox: Sandbox) -> None:
    press(sandbox, "rate", rate="2.5")
    assert sandbox.limits.rate == 2.5

    press(sandbox, "rate", rate="")
    assert sandbox.limits.rate is None


@pytest.mark.parametrize(
    ("button", "fields"),
    [
        ("fault", {"fault": "status=1"}),
        ("fault", {}),
        ("rate", {"rate": "fast"}),
        ("rate", {"rate": "-1"}),
    ],
)
def test_a_wrong_form_is_refused_with_the_reason(
    sandbox: Sandbox, button: str, fields: dict[str, str]
) -> None:
    answer = press(sandbox, button, **fields)

    assert answer.status_code == 400
    assert answer.text.strip()


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://127.0.0.1:1"},
    ],
)
@pytest.mark.parametrize("path", ["buttons/reset", "reset", "expire-tokens"])
def test_pages_of_other_origins_may_not_control_the_sandbox(
    sandbox: Sandbox, send: Ask, row: Row, path: str, headers: dict[str, str]
) -> None:
    send(sandbox, [row()])

    url = f"{sandbox.url}/_sandbox/{path}"
    answer = requests.post(url, headers=headers, timeout=5)

    assert answer.status_code == 403
    assert len(sandbox.enrichments) == 1


def test_scripts_need_no_origin(sandbox: Sandbox, send: Ask, row: Row) -> None:
    send(sandbox, [row()])

    assert requests.post(f"{sandbox.url}/_sandbox/reset", timeout=5).status_code == 200
    assert sandbox.enrichments == {}
