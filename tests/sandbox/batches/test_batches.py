import json
from collections.abc import Callable

import pytest
import requests

from target_contentsquare.sandbox import Sandbox

Ask = Callable[..., requests.Response]
Row = Callable[..., dict[str, object]]
Headers = Callable[..., dict[str, str]]

REFUSED = {"message": "enrichments don't match expected payload"}
GOOD = b'{"integrationVersion":1,"projectId":162,"enrichments":[%s]}'


def test_the_example_of_the_documentation_is_stored(
    sandbox: Sandbox, send: Ask
) -> None:
    first = {
        "has_called": True,
        "call_duration": 3532,
        "call_client_rating": 4.5,
        "call_center_name": "RENNES",
        "call_date": "2022-01-01T20:02:22Z",
    }
    # The documentation's own second date lacks its Z: text, as far as can be told
    # without a schema.
    second = first | {"call_date": "2022-01-01T18:09:54"}
    rows = [
        {
            "userId": "aaa-aaa-aaa",
            "sessionNumber": 5,
            "enrichmentNumber": n,
            "enrichment": e,
        }
        for n, e in ((1, first), (2, second))
    ]

    answer = send(sandbox, rows)

    assert (answer.status_code, answer.content) == (200, b"")
    assert sandbox.enrichments == {
        (162, "aaa-aaa-aaa", 5, 1): first,
        (162, "aaa-aaa-aaa", 5, 2): second,
    }


def test_enrichment_number_is_1_when_absent(
    sandbox: Sandbox, send: Ask, row: Row
) -> None:
    send(sandbox, [row()])

    assert list(sandbox.enrichments) == [(162, "aaa", 5, 1)]


def test_the_same_key_again_overwrites_all_fields(
    sandbox: Sandbox, send: Ask, row: Row
) -> None:
    send(sandbox, [row(enrichment={"a": 1, "b": 2})])
    send(sandbox, [row("bbb")])
    send(sandbox, [row(enrichment={"a": 3})])

    assert list(sandbox.enrichments.items()) == [
        ((162, "bbb", 5, 1), {"call_center_name": "RENNES"}),
        ((162, "aaa", 5, 1), {"a": 3}),
    ]


def test_the_same_key_twice_in_a_batch_is_taken_but_counted(
    sandbox: Sandbox, send: Ask, row: Row
) -> None:
    answer = send(sandbox, [row(enrichment={"a": 1}), row(enrichment={"a": 2})])

    assert answer.status_code == 200
    assert sandbox.enrichments == {(162, "aaa", 5, 1): {"a": 2}}
    assert sandbox.duplicates_in_batch == 1


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer nonsense"},
        {"Authorization": "Bearer "},
        {"Authorization": "Basic c2FuZGJveDpzYW5kYm94"},
    ],
)
def test_without_a_known_token_a_batch_is_unauthorized(
    sandbox: Sandbox, send: Ask, row: Row, headers: dict[str, str]
) -> None:
    answer = send(sandbox, [row()], headers)

    assert (answer.status_code, answer.json()) == (401, {"message": "Unauthorized"})
    assert sandbox.enrichments == {}


def test_a_token_needs_the_bearer_scheme(
    sandbox: Sandbox, send: Ask, row: Row, bearer: Headers
) -> None:
    token = bearer(sandbox)["Authorization"].removeprefix("Bearer ")

    assert send(sandbox, [row()], {"Authorization": token}).status_code == 401
    assert (
        send(sandbox, [row()], {"Authorization": f"Basic {token}"}).status_code == 401
    )


def test_a_token_expires_at_the_second_it_says(
    send: Ask, row: Row, bearer: Headers
) -> None:
    now = [1000.0]
    with Sandbox(clock=lambda: now[0], token_seconds=60) as sandbox:
        headers = bearer(sandbox)
        now[0] = 1059.9
        assert send(sandbox, [row()], headers).status_code == 200
        now[0] = 1060
        answer = send(sandbox, [row()], headers)

    assert answer.status_code == 401
    assert answer.json() == {
        "success": False,
        "errorMessage": "Auth token is expired.",
        "errorCode": "JWT_EXPIRED",
    }


def test_a_token_is_good_for_its_project_only(
    sandbox: Sandbox, send: Ask, row: Row
) -> None:
    answer = send(sandbox, [row()], projectId=163)

    assert (answer.status_code, answer.json()) == (403, {"message": "Forbidden"})


def test_an_unknown_integration_version_is_refused_by_name(
    sandbox: Sandbox, send: Ask, row: Row
) -> None:
    answer = send(sandbox, [row()], integrationVersion=2)

    assert answer.status_code == 400
    assert answer.json() == {"message": "bad integration version"}


def test_further_versions_can_be_made_known(send: Ask, row: Row) -> None:
    with Sandbox(integration_versions=[1, 7]) as sandbox:
        assert send(sandbox, [row()], integrationVersion=7).status_code == 200
        assert send(sandbox, [row()], integrationVersion=1).status_code == 200
        assert send(sandbox, [row()], integrationVersion=2).status_code == 400


def test_200_enrichments_are_taken_and_201_are_not(
    sandbox: Sandbox, send: Ask, row: Row
) -> None:
    rows = [row(session=n) for n in range(1, 202)]

    assert send(sandbox, rows[:200]).status_code == 200
    answer = send(sandbox, rows)

    assert (answer.status_code, answer.json()) == (400, REFUSED)
    assert len(sandbox.enrichments) == 200


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"[]",
        b"null",
        b"\xef\xbb\xbf{}",
        b"\xff",
        b"[" * 200_000,
        b'{"projectId":162,"enrichments":[]}',
        GOOD % b"",
        GOOD.replace(b"[%s]", b"{}"),
        GOOD.replace(b"162", b'"162"') % b"",
        GOOD.replace(b":1,", b":true,") % b"",
        GOOD.replace(b"{", b'{"source":"crm",', 1) % b"",
        GOOD.replace(b"{", b'{"projectId":162,', 1) % b"",
    ],
)
def test_a_body_of_another_shape_is_refused(
    sandbox: Sandbox, send: Ask, body: bytes
) -> None:
    answer = send(sandbox, body)

    assert (answer.status_code, answer.json()) == (400, REFUSED)
    assert sandbox.requests[-1].reason


@pytest.mark.parametrize(
    ("bad", "about"),
    [
        (b"1", "must be an object"),
        (b'{"sessionNumber":5,"enrichment":{"a":1}}', "userId"),
        (b'{"userId":"a","enrichment":{"a":1}}', "sessionNumber"),
        (b'{"userId":"a","sessionNumber":5}', "enrichment"),
        (b'{"userId":"","sessionNumber":5,"enrichment":{"a":1}}', "userId"),
        (b'{"userId":1,"sessionNumber":5,"enrichment":{"a":1}}', "userId"),
        (b'{"userId":"\\ud800","sessionNumber":5,"enrichment":{"a":1}}', "userId"),
        (b'{"userId":"a","sessionNumber":"5","enrichment":{"a":1}}', "sessionNumber"),
        (b'{"userId":"a","sessionNumber":5.0,"enrichment":{"a":1}}', "sessionNumber"),
        (b'{"userId":"a","sessionNumber":true,"enrichment":{"a":1}}', "sessionNumber"),
        (b'{"userId":"a","sessionNumber":5,"enrichment":{}}', "at least one field"),
        (b'{"userId":"a","sessionNumber":5,"enrichment":[]}', "must be an object"),
        (b'{"userId":"a","sessionNumber":5,"enrichment":{"":1}}', "empty name"),
        (b'{"userId":"a","sessionNumber":5,"enrichment":{"a":1},"x":1}', "'x'"),
    ],
)
def test_a_bad_enrichment_refuses_the_batch_and_only_the_sandbox_says_which(
    sandbox: Sandbox, send: Ask, bad: bytes, about: str
) -> None:
    good = b'{"userId":"a","sessionNumber":5,"enrichment":{"a":1}}'

    answer = send(sandbox, GOOD % b",".join([good, bad, good]))

    assert (answer.status_code, answer.json()) == (400, REFUSED)
    summary = sandbox.requests[-1]
    assert summary.row == 1
    assert about in (summary.reason or "")
    assert sandbox.enrichments == {}


@pytest.mark.parametrize("number", [0, -1, "1", 1.0, True, None])
def test_session_numbers_are_1_or_more(
    sandbox: Sandbox, send: Ask, row: Row, number: object
) -> None:
    assert send(sandbox, [row(sessionNumber=number)]).status_code == 400
    assert "sessionNumber must be" in (sandbox.requests[-1].reason or "")


@pytest.mark.parametrize("number", [0, 4, -1, "1", 1.0, True, None])
def test_enrichment_numbers_are_1_to_3(
    sandbox: Sandbox, send: Ask, row: Row, number: object
) -> None:
    assert send(sandbox, [row(enrichmentNumber=number)]).status_code == 400


@pytest.mark.parametrize(
    "value",
    [
        "",
        "x" * 50,
        "é" * 25,
        "2022-01-01T20:02:22",
        -2147483648,
        2147483647,
        0,
        1.79769e308,
        -1.79769e308,
        2.5,
        True,
        False,
    ],
)
def test_without_a_schema_any_scalar_within_the_limits_is_taken(
    sandbox: Sandbox, send: Ask, row: Row, value: object
) -> None:
    assert send(sandbox, [row(enrichment={"a": value})]).status_code == 200


@pytest.mark.parametrize(
    "literal",
    [
        json.dumps("x" * 51),
        json.dumps("é" * 26),
        '"\\udc00"',
        "-2147483649",
        "2147483648",
        "1.797690000000001e308",
        "-1.797693e308",
        "1e999",
        "-1e999",
        "NaN",
        "Infinity",
        "-Infinity",
        "null",
        "[]",
        '{"b":1}',
        '["a"]',
    ],
)
def test_without_a_schema_other_values_are_refused(
    sandbox: Sandbox, send: Ask, literal: str
) -> None:
    row = b'{"userId":"a","sessionNumber":5,"enrichment":{"a":%s}}' % literal.encode()

    answer = send(sandbox, GOOD % row)

    assert (answer.status_code, answer.json()) == (400, REFUSED)


@pytest.mark.parametrize(("size", "status"), [(50, 200), (51, 400)])
def test_field_names_have_at_most_50_bytes(
    sandbox: Sandbox, send: Ask, row: Row, size: int, status: int
) -> None:
    assert send(sandbox, [row(enrichment={"n" * size: 1})]).status_code == status


@pytest.mark.parametrize(
    "twice",
    [
        b'{"userId":"a","userId":"a","sessionNumber":5,"enrichment":{"a":1}}',
        b'{"userId":"a","sessionNumber":5,"enrichment":{"a":1,"a":1}}',
    ],
)
def test_a_key_that_comes_twice_in_one_object_is_refused(
    sandbox: Sandbox, send: Ask, twice: bytes
) -> None:
    assert send(sandbox, GOOD % twice).status_code == 400
    assert "twice" in (sandbox.requests[-1].reason or "")


def test_the_token_is_looked_at_first_and_the_rows_last(
    sandbox: Sandbox, send: Ask, bearer: Headers
) -> None:
    body = {"integrationVersion": 9, "projectId": 163, "enrichments": [{}]}
    headers = bearer(sandbox)

    statuses = [
        send(sandbox, {}, {}).json()["message"],
        send(sandbox, {}, headers).json()["message"],
        send(sandbox, body, headers).json()["message"],
        send(sandbox, body | {"projectId": 162}, headers).json()["message"],
        send(
            sandbox, body | {"projectId": 162, "integrationVersion": 1}, headers
        ).json()["message"],
    ]

    assert statuses == [
        "Unauthorized",
        REFUSED["message"],
        "Forbidden",
        "bad integration version",
        REFUSED["message"],
    ]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/enrichments", 405),
        ("PUT", "/v1/enrichments", 405),
        ("GET", "/v1/oauth/token", 405),
        ("POST", "/v2/enrichments", 404),
        ("POST", "/v1/enrichments/", 404),
        ("GET", "/favicon.ico", 404),
    ],
)
def test_other_methods_and_paths_are_not_served(
    sandbox: Sandbox, method: str, path: str, status: int
) -> None:
    answer = requests.request(method, sandbox.url + path, timeout=5)

    assert answer.status_code == status
