"""What the page shows when something is wrong."""

import re
from collections.abc import Callable
from html import unescape

import requests

from target_contentsquare.sandbox import Fault, Limits, Sandbox, SignIn

Ask = Callable[..., requests.Response]
Row = Callable[..., dict[str, object]]
Headers = Callable[..., dict[str, str]]


def words(sandbox: Sandbox, path: str = "") -> str:
    """The page's text, its blanks made single."""
    html = requests.get(f"{sandbox.url}/{path}", timeout=5).text
    body = html.partition("</style>")[2].partition("<script")[0]
    blocks = re.sub(r"</?(?:td|th|dt|dd|div|h\d|p|li)\b[^>]*>", " ", body)
    text = unescape(re.sub(r"<[^>]+>", "", blocks))
    return " ".join(text.replace("\u00d7", "x").split())


def test_refused_batches_are_grouped_by_field_and_reason(
    sandbox: Sandbox, send: Ask, row: Row, bearer: Headers
) -> None:
    headers = bearer(sandbox)
    for n in range(1, 4):
        bad = row("bad", n, enrichment={"note": "x" * (50 + n)})
        send(sandbox, [row(), bad], headers)
    send(sandbox, [row(sessionNumber=0)], headers)

    text = words(sandbox)

    assert "4 batches were refused" in text
    assert "No enrichment is stored yet." in text
    assert "4 batches refused" in text
    assert (
        "3x 400 note longer than 50 bytes First: user bad, session 1, row 2 of "
        "batch 1; last: batch 3 at" in text
    )
    assert "The last one: 'note': 53 bytes long, 50 are allowed" in text
    assert "1x 400 sessionNumber must be 1 or more First: user aaa, session 0" in text


def test_refused_sign_ins_are_grouped_by_reason(
    sandbox: Sandbox, ask_token: Ask
) -> None:
    wrong = {"client_secret": "guess"}
    for _ in range(3):
        ask_token(sandbox, **wrong)
    ask_token(sandbox, project_id=9)

    text = words(sandbox)

    assert "4 sign-ins were refused" in text
    assert (
        "3x 401 no credentials have this client_id and client_secret client id "
        "sandbox, project 162; last at" in text
    )
    assert "1x 403 the credentials don't cover project 9" in text
    assert "Nothing has arrived yet" not in text
    assert "guess" not in text


def test_one_refusal_is_told_in_the_singular(
    sandbox: Sandbox, send: Ask, ask_token: Ask
) -> None:
    ask_token(sandbox, project_id=9)
    send(sandbox, b"{")

    text = words(sandbox)

    assert "1 batch was refused" in text
    assert "1 sign-in was refused" in text


def test_requests_over_the_limit_are_counted_and_drawn(send: Ask, row: Row) -> None:
    with Sandbox(limits=Limits(rate=0.001)) as sandbox:
        for _ in range(3):
            send(sandbox, [row()])
        html = requests.get(sandbox.url, timeout=5).text
        text = words(sandbox)

    assert "Over the limit 2" in text
    assert '<rect class="limited"' in html
    assert "At most 0.001 requests a second per project, burst 1" in text
    assert "Requests over a limit get 429 with Retry-After" in text


def test_the_page_tells_how_the_sandbox_behaves() -> None:
    with Sandbox(
        sign_in=SignIn(integration_id_required=True, expires_in="text"),
        faults=[Fault(status=503, count=2), Fault(drop="after", count=None)],
        token_seconds=60,
        refused_users=["zoe"],
        credentials={7: {"client_id": "a", "client_secret": "b", "integration_id": 70}},
    ) as sandbox:
        text = words(sandbox)

    for sentence in (
        "Tokens last 60 s",
        "Token requests must have integration_id",
        "expires_in is text",
        "The next 2 batches: answer 503",
        "Every batch: connection cut after it is handled",
        "Refused: batches with zoe",
        "sandbox: projects 162, 163",
        "a: projects 7; integrations 70",
    ):
        assert sentence in text


def test_the_registered_schema_is_shown() -> None:
    fields = [
        {"name": "score", "type": "INT", "optional": False},
        {"name": "note", "type": "STRING", "optional": True},
    ]
    schemas = {2: {"fields": fields}}
    with Sandbox(integration_schemas=schemas, integration_versions=[1]) as sandbox:
        text = words(sandbox)

    assert "Version 1 No schema" in text
    assert "score INT no note STRING yes" in text


def test_lists_say_how_much_they_leave_out(
    sandbox: Sandbox, send: Ask, row: Row, bearer: Headers
) -> None:
    headers = bearer(sandbox)
    for n in range(1, 41):
        send(sandbox, [row(f"u-{user}", n) for user in range(3)], headers)
    send(sandbox, [row("u-1", 1, enrichmentNumber=2)], headers)

    text = words(sandbox)

    assert "Sessions newest 100 of 120" in text
    assert "Batches newest 30 of 41" in text


def test_what_is_kept_is_bounded_and_the_page_says_what_was_forgotten(
    send: Ask, row: Row, bearer: Headers
) -> None:
    with Sandbox(keep=20) as sandbox:
        headers = bearer(sandbox)
        for n in range(1, 6):
            send(sandbox, [row(f"u-{user}", n) for user in range(5)], headers)
        text = words(sandbox)

        assert [key[1:3] for key in sandbox.enrichments][:1] == [("u-1", 2)]
        assert len(sandbox.enrichments) == 19
        assert sandbox.totals.forgotten_enrichments == 6
    assert "6 enrichments that were written first; 20 are kept" in text
    assert "newest 19 of 19" in text
