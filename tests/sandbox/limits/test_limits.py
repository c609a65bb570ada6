import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from target_contentsquare.sandbox import Fault, Limits, Sandbox

Ask = Callable[..., requests.Response]
Row = Callable[..., dict[str, object]]
Headers = Callable[..., dict[str, str]]


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def limited(clock: Clock) -> Iterator[Sandbox]:
    """Takes 2 requests a second, in bursts of 3."""
    with Sandbox(limits=Limits(rate=2, burst=3), clock=clock) as running:
        yield running


def test_requests_over_the_rate_get_429_and_store_nothing(
    limited: Sandbox, send: Ask, row: Row
) -> None:
    statuses = [send(limited, [row(f"u-{n}")]).status_code for n in range(5)]

    assert statuses == [200, 200, 200, 429, 429]
    assert len(limited.enrichments) == 3
    summary = limited.requests[-1]
    assert (summary.outcome, summary.rows) == ("limited", 1)
    assert summary.reason == "more than 2 requests a second"
    assert limited.totals.limited_requests == 2


def test_time_lets_as_many_pass_again_as_the_rate_says(
    limited: Sandbox, send: Ask, row: Row, clock: Clock
) -> None:
    def passed() -> int:
        answers = [send(limited, [row()]).status_code for _ in range(6)]
        return Counter(answers)[200]

    assert passed() == 3
    clock.now += 1
    assert passed() == 2
    clock.now += 0.4
    assert passed() == 0
    clock.now += 0.1
    assert passed() == 1
    clock.now += 3600
    assert passed() == 3


def test_retry_after_is_the_whole_seconds_until_one_may_pass(
    send: Ask, row: Row, clock: Clock
) -> None:
    with Sandbox(limits=Limits(rate=0.4), clock=clock) as sandbox:
        send(sandbox, [row()])
        first = send(sandbox, [row()])
        clock.now += 2
        second = send(sandbox, [row()])

    assert first.json() == {"message": "Too Many Requests"}
    assert [a.headers["Retry-After"] for a in (first, second)] == ["3", "1"]


def test_retry_after_can_be_left_out(send: Ask, row: Row, clock: Clock) -> None:
    with Sandbox(limits=Limits(rate=1, retry_after=False), clock=clock) as sandbox:
        send(sandbox, [row()])
        answer = send(sandbox, [row()])

    assert answer.status_code == 429
    assert "Retry-After" not in answer.headers


def test_every_project_has_limits_of_its_own(
    limited: Sandbox, send: Ask, row: Row, bearer: Headers
) -> None:
    other = bearer(limited, 163)
    for _ in range(4):
        send(limited, [row()])

    assert send(limited, [row()]).status_code == 429
    assert send(limited, [row()], other, projectId=163).status_code == 200


def test_two_tokens_of_a_project_share_its_limits(
    limited: Sandbox, send: Ask, row: Row, bearer: Headers
) -> None:
    first, second = bearer(limited), bearer(limited)

    statuses = [send(limited, [row()], h).status_code for h in (first, second) * 2]

    assert statuses == [200, 200, 200, 429]


def test_more_requests_at_once_than_the_limit_get_429(
    send: Ask, row: Row, bearer: Headers
) -> None:
    with (
        ThreadPoolExecutor(2) as threads,
        Sandbox(limits=Limits(in_flight=2), latency_ms=60_000) as sandbox,
    ):
        headers = bearer(sandbox)
        for _ in range(2):
            threads.submit(send, sandbox, [row()], headers)
        deadline = time.monotonic() + 5
        while sandbox.max_in_flight < 2:
            assert time.monotonic() < deadline
            time.sleep(0.005)

        answer = send(sandbox, [row()], headers)

        assert (answer.status_code, answer.headers["Retry-After"]) == (429, "1")
        assert sandbox.requests[-1].reason == "more than 2 requests at once"


def test_the_limits_can_change_while_it_runs(
    limited: Sandbox, send: Ask, row: Row
) -> None:
    limited.set_rate(None)
    assert {send(limited, [row()]).status_code for _ in range(6)} == {200}

    limited.set_rate(1, burst=1)
    assert [send(limited, [row()]).status_code for _ in range(2)] == [200, 429]
    assert limited.limits == Limits(rate=1, burst=1)


def test_the_limits_can_change_over_http(sandbox: Sandbox, send: Ask, row: Row) -> None:
    def post(document: object) -> requests.Response:
        url = f"{sandbox.url}/_sandbox/limits"
        return requests.post(url, json=document, timeout=5)

    changed = {"rate": 0.01, "burst": 2}
    assert post(changed).json() == changed | {"in_flight": None, "retry_after": True}
    assert [send(sandbox, [row()]).status_code for _ in range(3)] == [200, 200, 429]
    assert post({"rate": None, "in_flight": 5}).json()["burst"] == 2
    assert send(sandbox, [row()]).status_code == 200
    state = requests.get(f"{sandbox.url}/_sandbox/state", timeout=5).json()
    assert state["limits"]["in_flight"] == 5


@pytest.mark.parametrize(
    "wrong",
    [
        [],
        {"speed": 1},
        {"rate": "5"},
        {"rate": True},
        {"rate": 0},
        {"burst": None},
        {"burst": 0},
        {"in_flight": 0},
        {"retry_after": 1},
    ],
)
def test_wrong_limits_are_refused_with_the_reason(
    sandbox: Sandbox, wrong: object
) -> None:
    url = f"{sandbox.url}/_sandbox/limits"

    answer = requests.post(url, json=wrong, timeout=5)

    assert answer.status_code == 400
    assert answer.json()["message"]
    assert sandbox.limits == Limits()


def test_a_request_over_a_limit_does_not_count_for_faults(
    limited: Sandbox, send: Ask, row: Row, clock: Clock
) -> None:
    limited.add_fault(Fault(status=503, after=3))

    statuses = [send(limited, [row()]).status_code for _ in range(5)]
    clock.now += 1

    assert statuses == [200, 200, 200, 429, 429]
    assert send(limited, [row()]).status_code == 503
