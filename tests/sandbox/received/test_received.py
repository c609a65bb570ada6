import socket
import threading
from collections.abc import Callable

import pytest
import requests

from target_contentsquare.sandbox import Fault, Sandbox
from target_contentsquare.sandbox.received.groups import Groups

Ask = Callable[..., requests.Response]
Row = Callable[..., dict[str, object]]
Headers = Callable[..., dict[str, str]]


def test_totals_add_up(sandbox: Sandbox, send: Ask, row: Row) -> None:
    sandbox.add_fault(Fault(status=503, after=2))
    send(sandbox, [row("a"), row("b")])
    send(sandbox, [row(sessionNumber="x")])
    send(sandbox, [row("c")])

    totals = sandbox.totals
    assert (totals.requests, totals.delivered_batches, totals.refused_batches) == (
        3,
        1,
        1,
    )
    assert (totals.failed_requests, totals.delivered_enrichments) == (1, 2)
    assert [request.outcome for request in sandbox.requests] == [
        "delivered",
        "refused",
        "failed",
    ]


def test_a_summary_says_what_was_sent_and_how_long_it_took(
    sandbox: Sandbox, send: Ask, row: Row
) -> None:
    send(sandbox, [row(), row("b", enrichmentNumber=4)])

    (summary,) = sandbox.requests
    assert (summary.status, summary.rows, summary.project_id) == (400, 2, 162)
    assert (summary.integration_version, summary.row) == (1, 1)
    assert summary.reason == "enrichmentNumber must be 1 to 3, not 4"
    assert summary.duration >= 0


def test_history_has_every_accepted_batch_in_order(
    sandbox: Sandbox, send: Ask, row: Row
) -> None:
    send(sandbox, [row("a"), row("b")])
    send(sandbox, [row("bad", 1.5)])
    send(sandbox, [row("a", enrichment={"x": 1})])

    assert [[key.user_id for key, _ in batch] for batch in sandbox.history] == [
        ["a", "b"],
        ["a"],
    ]
    assert sandbox.history[1] == [((162, "a", 5, 1), {"x": 1})]


def test_history_can_be_left_out(send: Ask, row: Row) -> None:
    with Sandbox(keep_history=False) as sandbox:
        send(sandbox, [row()])
        with pytest.raises(RuntimeError, match="keep_history"):
            _ = sandbox.history


def test_connections_are_counted_and_not_requests(
    sandbox: Sandbox, row: Row, bearer: Headers
) -> None:
    headers = bearer(sandbox)
    body = {"integrationVersion": 1, "projectId": 162, "enrichments": [row()]}
    for _ in range(2):
        with requests.Session() as session:
            for _ in range(3):
                url = f"{sandbox.url}/v1/enrichments"
                session.post(url, json=body, headers=headers, timeout=5)

    assert (sandbox.connections, sandbox.totals.requests) == (2, 6)


def test_what_was_received_can_be_read_after_the_end(send: Ask, row: Row) -> None:
    with Sandbox() as sandbox:
        send(sandbox, [row()])

    assert list(sandbox.enrichments) == [(162, "aaa", 5, 1)]
    assert sandbox.totals.delivered_batches == 1


def test_reset_forgets_everything_and_the_tokens_too(
    sandbox: Sandbox, send: Ask, row: Row, bearer: Headers
) -> None:
    headers = bearer(sandbox)
    send(sandbox, [row()], headers)
    sandbox.refuse_users({"aaa"})

    sandbox.reset()

    assert (sandbox.enrichments, sandbox.requests, sandbox.history) == ({}, [], [])
    assert sandbox.totals.requests == 0
    assert send(sandbox, [row()], headers).json() == {"message": "Unauthorized"}
    assert send(sandbox, [row()]).status_code == 200


def test_refused_users_are_bad_rows_that_only_the_server_knows(
    sandbox: Sandbox, send: Ask, row: Row
) -> None:
    sandbox.refuse_users({"b"})

    answer = send(sandbox, [row("a"), row("b")])

    assert answer.status_code == 400
    assert answer.json()["message"] == "enrichments don't match expected payload"
    assert sandbox.requests[0].row == 1
    assert send(sandbox, [row("a")]).status_code == 200
    sandbox.refuse_users(())
    assert send(sandbox, [row("b")]).status_code == 200


def test_tokens_issued_so_far_can_be_made_to_expire(
    sandbox: Sandbox, send: Ask, row: Row, bearer: Headers
) -> None:
    old = bearer(sandbox)

    sandbox.expire_tokens()

    assert send(sandbox, [row()], old).json()["errorCode"] == "JWT_EXPIRED"
    assert send(sandbox, [row()]).status_code == 200


def test_other_processes_can_do_the_same_over_http(
    sandbox: Sandbox, send: Ask, row: Row, bearer: Headers
) -> None:
    def post(path: str, json: object = None) -> int:
        url = f"{sandbox.url}/_sandbox/{path}"
        return requests.post(url, json=json, timeout=5).status_code

    old = bearer(sandbox)
    assert post("expire-tokens") == 200
    assert send(sandbox, [row()], old).status_code == 401
    assert post("refuse", {"userIds": ["aaa"]}) == 200
    assert send(sandbox, [row()]).status_code == 400
    assert post("refuse", {"userIds": []}) == 200
    assert send(sandbox, [row()]).status_code == 200
    assert post("reset") == 200
    assert sandbox.enrichments == {}


@pytest.mark.parametrize("wrong", [None, [], {}, {"userIds": "a"}, {"userIds": [1]}])
def test_wrong_users_to_refuse_are_a_bad_request(
    sandbox: Sandbox, wrong: object
) -> None:
    answer = requests.post(f"{sandbox.url}/_sandbox/refuse", json=wrong, timeout=5)

    assert answer.status_code == 400
    assert answer.json()["message"]


def test_the_state_is_json_with_everything_in_it(
    sandbox: Sandbox, send: Ask, row: Row
) -> None:
    send(sandbox, [row("a"), row("b", 2, enrichmentNumber=3)])
    send(sandbox, [row("a", enrichment={"x": 1})])
    send(sandbox, b"{")

    state = requests.get(f"{sandbox.url}/_sandbox/state", timeout=5).json()

    assert state["totals"]["delivered_enrichments"] == 3
    assert (state["totals"]["stored"], state["totals"]["tokens_issued"]) == (2, 3)
    assert [request["status"] for request in state["requests"]] == [200, 200, 400]
    assert state["enrichments"] == [
        {
            "projectId": 162,
            "userId": "b",
            "sessionNumber": 2,
            "enrichmentNumber": 3,
            "integrationVersion": 1,
            "enrichment": {"call_center_name": "RENNES"},
        },
        {
            "projectId": 162,
            "userId": "a",
            "sessionNumber": 5,
            "enrichmentNumber": 1,
            "integrationVersion": 1,
            "enrichment": {"x": 1},
        },
    ]


def test_the_state_can_leave_the_enrichments_out(
    sandbox: Sandbox, send: Ask, row: Row
) -> None:
    send(sandbox, [row()])
    url = f"{sandbox.url}/_sandbox/state?enrichments=0"

    state = requests.get(url, timeout=5).json()

    assert "enrichments" not in state
    assert state["totals"]["stored"] == 1


def test_a_sandbox_leaves_no_thread_behind() -> None:
    before = threading.active_count()
    with Sandbox() as first, Sandbox() as second:
        assert first.url != second.url

    assert threading.active_count() == before


def test_a_client_that_dies_in_the_middle_of_a_body_changes_nothing_for_others(
    sandbox: Sandbox, send: Ask, row: Row, capfd: pytest.CaptureFixture[str]
) -> None:
    port = int(sandbox.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(b"POST /v1/enrichments HTTP/1.1\r\nHost: x\r\n")
        client.sendall(b"Content-Length: 1000\r\n\r\n{")

    assert send(sandbox, [row()]).status_code == 200
    assert capfd.readouterr() == ("", "")


def test_what_is_kept_of_a_refusal_is_short_however_much_was_sent(
    sandbox: Sandbox, send: Ask, row: Row, ask_token: Ask
) -> None:
    long = "n" * 100_000
    send(sandbox, [row("u" * 100_000, 0)])
    send(sandbox, [row(**{long: 1})])
    ask_token(sandbox, client_id=long)
    ask_token(sandbox, **{long: 1})

    assert len(repr(sandbox.requests + sandbox.token_requests)) < 5000


def test_further_reasons_are_counted_when_there_are_1000() -> None:
    groups = Groups[int]()
    for number in range(1005):
        groups.add(number, number)
    groups.add(7, 2000)

    assert (len(groups), groups.beyond) == (1000, 5)
    (commonest,) = groups.commonest(1)
    assert (commonest.count, commonest.first, commonest.last) == (2, 7, 2000)
