import json
import subprocess
from collections.abc import Callable
from html import unescape

import requests

from target_contentsquare.sandbox import Fault, Sandbox

Ask = Callable[..., requests.Response]
Row = Callable[..., dict[str, object]]
Headers = Callable[..., dict[str, str]]


def batch_page(sandbox: Sandbox, number: int) -> str:
    answer = requests.get(f"{sandbox.url}/batches/{number}", timeout=5)
    assert answer.status_code == 200
    return unescape(answer.text)


def test_a_refused_batch_is_shown_as_received_with_its_row_and_answer(
    sandbox: Sandbox, send: Ask, row: Row
) -> None:
    body = {
        "integrationVersion": 1,
        "projectId": 162,
        "enrichments": [row("ann"), row("bob", note=1)],
    }
    received = json.dumps(body, separators=(" , ", " : "))

    send(sandbox, received.encode())
    html = batch_page(sandbox, 1)

    assert received in html
    assert "an enrichment has the unknown key 'note'" in html
    assert "2 of 2, counted from 1" in html
    assert json.dumps(row("bob", note=1), indent=2) in html
    assert "HTTP 400\nContent-Type: application/json" in html
    assert '{"message": "enrichments don\'t match expected payload"}' in html


def test_the_command_to_send_it_again_works_in_a_shell(
    sandbox: Sandbox, send: Ask, row: Row
) -> None:
    send(sandbox, [row("it's", enrichment={"note": "a 'quoted' $word"})])
    html = batch_page(sandbox, 1)
    command = html.partition('<pre id="curl"')[2].partition(">")[2].partition("</pre>")

    # The command is the page's own.
    subprocess.run(["/bin/sh", "-c", command[0]], check=True, capture_output=True)  # noqa: S603

    first, second = sandbox.history
    assert first == second


def test_a_token_that_was_not_issued_here_is_not_shown(
    sandbox: Sandbox, send: Ask, row: Row
) -> None:
    send(sandbox, [row()], {"Authorization": "Bearer of-someone-else"})

    html = batch_page(sandbox, 1)

    assert "of-someone-else" not in html
    assert "Authorization: Bearer TOKEN" in html


def test_a_batch_without_an_answer_says_so(
    sandbox: Sandbox, send: Ask, row: Row
) -> None:
    sandbox.add_fault(Fault(status=503, body="", retry_after=3))
    send(sandbox, [row()])

    assert "Retry-After: 3\n\n(no body)" in batch_page(sandbox, 1)


def test_a_batch_that_is_no_longer_kept_says_so_and_refused_ones_stay(
    sandbox: Sandbox, send: Ask, row: Row, bearer: Headers
) -> None:
    headers = bearer(sandbox)
    send(sandbox, [row("first")], headers)
    send(sandbox, [row("bad", 0)], headers)
    for _ in range(100):
        send(sandbox, [row()], headers)

    assert "The batch itself is no longer kept" in batch_page(sandbox, 1)
    assert '"bad"' in batch_page(sandbox, 2)


def test_large_batches_are_forgotten_sooner(
    sandbox: Sandbox, send: Ask, bearer: Headers
) -> None:
    headers = bearer(sandbox)
    for number in range(3):
        send(sandbox, b"%d" % number + b" " * 3_000_000, headers)

    assert "no longer kept" in batch_page(sandbox, 1)
    assert "The JSON as received" in batch_page(sandbox, 2)


def test_a_batch_that_never_came_is_not_found(sandbox: Sandbox) -> None:
    for number in ("0", "1", "99999999999999999999"):
        answer = requests.get(f"{sandbox.url}/batches/{number}", timeout=5)
        assert answer.status_code == 404
        assert "There is no batch" in answer.text


def test_what_was_sent_is_never_taken_for_html(
    sandbox: Sandbox, send: Ask, row: Row
) -> None:
    send(sandbox, [row("<b>", enrichment={"<i>": None})])
    send(sandbox, b"\xff<b>")

    for number in (1, 2):
        html = requests.get(f"{sandbox.url}/batches/{number}", timeout=5).text
        assert "<b>" not in html
        assert "<i>" not in html
