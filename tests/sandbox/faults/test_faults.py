import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from target_contentsquare.sandbox import Fault, Sandbox

Ask = Callable[..., requests.Response]
Row = Callable[..., dict[str, object]]
Headers = Callable[..., dict[str, str]]


def test_a_status_answers_in_place_of_the_api_and_stores_nothing(
    sandbox: Sandbox, send: Ask, row: Row
) -> None:
    sandbox.add_fault(Fault(status=503, retry_after=7))

    answer = send(sandbox, [row()])

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "7")
    assert answer.json() == {"message": "Service Unavailable"}
    assert sandbox.enrichments == {}
    assert sandbox.requests[0].outcome == "failed"
    assert sandbox.requests[0].rows == 1
    assert send(sandbox, [row()]).status_code == 200


def test_a_fault_lets_some_requests_pass_then_hits_a_few(
    send: Ask, row: Row, bearer: Headers
) -> None:
    with Sandbox(faults=[Fault(status=500, after=2, count=3)]) as sandbox:
        headers = bearer(sandbox)
        statuses = [send(sandbox, [row()], headers).status_code for _ in range(6)]

    assert statuses == [200, 200, 500, 500, 500, 200]


def test_faults_that_are_due_together_come_one_after_the_other(
    sandbox: Sandbox, send: Ask, row: Row, bearer: Headers
) -> None:
    sandbox.add_fault(Fault(status=503, count=2), Fault(status=429))
    sandbox.add_fault(Fault(status=500, after=4))
    headers = bearer(sandbox)

    statuses = [send(sandbox, [row()], headers).status_code for _ in range(6)]

    assert statuses == [503, 503, 429, 200, 500, 200]


def test_a_fault_without_end_lasts_until_the_reset(
    sandbox: Sandbox, send: Ask, row: Row
) -> None:
    sandbox.add_fault(Fault(status=429, count=None))
    assert {send(sandbox, [row()]).status_code for _ in range(4)} == {429}

    sandbox.reset()

    assert send(sandbox, [row()]).status_code == 200


def test_retry_after_may_be_a_date_and_a_body_anything(
    sandbox: Sandbox, send: Ask, row: Row
) -> None:
    date = "Wed, 21 Oct 2026 07:28:00 GMT"
    sandbox.add_fault(Fault(status=502, retry_after=date, body="<h1>Bad gateway"))

    answer = send(sandbox, [row()])

    assert (answer.headers["Retry-After"], answer.text) == (date, "<h1>Bad gateway")


def test_a_redirect_says_where_to(sandbox: Sandbox, send: Ask, row: Row) -> None:
    sandbox.add_fault(Fault(status=302, location="http://127.0.0.1:1/"))

    answer = send(sandbox, [row()])

    assert (answer.status_code, answer.headers["Location"]) == (
        302,
        "http://127.0.0.1:1/",
    )


def test_a_connection_cut_before_stores_nothing(
    sandbox: Sandbox, send: Ask, row: Row
) -> None:
    sandbox.add_fault(Fault(drop="before"))

    with pytest.raises(requests.ConnectionError):
        send(sandbox, [row()])

    assert sandbox.enrichments == {}
    assert (sandbox.requests[0].status, sandbox.requests[0].outcome) == (
        None,
        "failed",
    )


def test_a_connection_cut_after_has_stored_the_batch(
    sandbox: Sandbox, send: Ask, row: Row
) -> None:
    sandbox.add_fault(Fault(drop="after", delay_ms=1))

    with pytest.raises(requests.ConnectionError):
        send(sandbox, [row()])

    assert len(sandbox.enrichments) == 1
    assert (sandbox.requests[0].status, sandbox.requests[0].outcome) == (
        None,
        "delivered",
    )


def test_a_delay_makes_a_slow_answer(sandbox: Sandbox, send: Ask, row: Row) -> None:
    sandbox.add_fault(Fault(delay_ms=60))
    started = time.monotonic()

    assert send(sandbox, [row()]).status_code == 200

    assert time.monotonic() - started >= 0.059
    assert sandbox.requests[0].duration >= 0.059


def test_what_a_client_did_not_wait_for_is_not_stored(
    sandbox: Sandbox, row: Row, bearer: Headers
) -> None:
    sandbox.add_fault(Fault(delay_ms=400))
    body = {"integrationVersion": 1, "projectId": 162, "enrichments": [row()]}

    with pytest.raises(requests.ReadTimeout):
        requests.post(
            f"{sandbox.url}/v1/enrichments",
            json=body,
            headers=bearer(sandbox),
            timeout=0.02,
        )
    _until(lambda: sandbox.requests)

    assert sandbox.requests[0].reason == "the client closed the connection too early"
    assert sandbox.enrichments == {}


def test_every_request_takes_the_latency_and_they_overlap(
    send: Ask, row: Row, bearer: Headers
) -> None:
    with Sandbox(latency_ms=1000) as sandbox, ThreadPoolExecutor(4) as threads:
        headers = bearer(sandbox)
        list(threads.map(lambda _: send(sandbox, [row()], headers), range(4)))

        assert sandbox.max_in_flight == 4
        assert min(request.duration for request in sandbox.requests) >= 0.999


@pytest.mark.parametrize(
    ("fault", "status", "text"),
    [
        (Fault(on="token", status=500, body="oops"), 500, "oops"),
        (Fault(on="token", status=429, retry_after=1), 429, "Too Many Requests"),
        (Fault(on="token", delay_ms=1), 200, "access_token"),
    ],
)
def test_token_requests_have_faults_of_their_own(
    sandbox: Sandbox, ask_token: Ask, fault: Fault, status: int, text: str
) -> None:
    sandbox.add_fault(Fault(status=503), fault)

    answer = ask_token(sandbox)

    assert answer.status_code == status
    assert text in answer.text
    assert sandbox.token_requests[-1].status == status


@pytest.mark.parametrize(
    ("fault", "issued"),
    [
        (Fault(on="token", drop="before"), 0),
        (Fault(on="token", drop="after"), 1),
    ],
)
def test_token_requests_can_be_cut_off(
    sandbox: Sandbox, ask_token: Ask, fault: Fault, issued: int
) -> None:
    sandbox.add_fault(fault)

    with pytest.raises(requests.ConnectionError):
        ask_token(sandbox)

    assert sandbox.totals.tokens_issued == issued


def test_the_same_seed_makes_the_same_random_faults(
    send: Ask, row: Row, bearer: Headers
) -> None:
    def statuses(seed: int) -> list[int]:
        fault = Fault(status=503, probability=0.5, count=None)
        with Sandbox(faults=[fault], seed=seed) as sandbox:
            headers = bearer(sandbox)
            return [send(sandbox, [row()], headers).status_code for _ in range(20)]

    first = statuses(4)

    assert first == statuses(4)
    assert set(first) == {200, 503}
    assert first != statuses(5)


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"status": 99},
        {"status": 600},
        {"status": 503, "drop": "after"},
        {"drop": "sideways"},
        {"drop": "before", "retry_after": 1},
        {"delay_ms": 5, "body": "x"},
        {"status": 503, "count": 0},
        {"status": 503, "after": -1},
        {"status": 503, "probability": 1.5},
        {"status": 503, "on": "everything"},
    ],
)
def test_a_fault_that_makes_no_sense_is_an_error(wrong: dict[str, object]) -> None:
    make: Callable[..., Fault] = Fault
    with pytest.raises(ValueError, match=r"\w"):
        make(**wrong)


def test_faults_can_be_added_over_http(sandbox: Sandbox, send: Ask, row: Row) -> None:
    faults = [{"status": 500, "count": "always", "after": 1}]
    url = f"{sandbox.url}/_sandbox/faults"

    assert requests.post(url, json=faults, timeout=5).json() == {"seed": sandbox.seed}

    assert [send(sandbox, [row()]).status_code for _ in range(3)] == [200, 500, 500]


@pytest.mark.parametrize(
    "wrong",
    [
        {"status": 500},
        ["503"],
        [{"state": 500}],
        [{"status": "500"}],
        [{"status": True}],
        [{"status": 500, "after": None}],
        [{}],
    ],
)
def test_wrong_faults_over_http_are_refused_with_the_reason(
    sandbox: Sandbox, send: Ask, row: Row, wrong: object
) -> None:
    url = f"{sandbox.url}/_sandbox/faults"

    answer = requests.post(url, json=wrong, timeout=5)

    assert answer.status_code == 400
    assert answer.json()["message"]
    assert send(sandbox, [row()]).status_code == 200


def _until(holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + 5
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.005)
