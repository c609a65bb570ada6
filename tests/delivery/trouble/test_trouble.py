"""The lines of the log on trouble, in virtual time."""

import doctest
import re

import pytest

from target_contentsquare.delivery.rate.project_rate import ProjectRate
from target_contentsquare.delivery.trouble import trouble as trouble_module
from target_contentsquare.delivery.trouble.trouble import Trouble

HOST = "api.contentsquare.com"


class Rig:
    """A project whose requests end as told, and the lines that are written."""

    def __init__(self, host: str = HOST, *, is_loopback: bool = False) -> None:
        self.rate = ProjectRate(max_in_flight=8, random=lambda: 0.5)
        self.trouble = Trouble(host, self.rate, is_loopback=is_loopback)
        self.lines: list[str] = []
        self.now = 0.0

    def work(self) -> None:
        attempt = self.rate.started(self.now)
        self.rate.worked(attempt, self.now)
        self._take(self.trouble.worked(self.now))

    def fail(self, cause: str = "HTTP 503", *, waiting: int = 12) -> None:
        attempt = self.rate.started(self.now)
        if cause == "HTTP 429":
            self.rate.throttled(attempt, self.now)
        else:
            self.rate.failed(attempt, self.now)
        self._take(self.trouble.failed(cause, self.now, waiting))

    def tick_to(self, until: float, *, waiting: int = 12) -> None:
        """Let time pass as delivery does: to each line that is due."""
        while (at := self.trouble.next_line_at) is not None and at <= until:
            self.now = at
            self._take(self.trouble.tick(at, waiting))
        self.now = until

    def _take(self, line: str | None) -> None:
        if line is not None:
            self.lines.append(line)


@pytest.fixture
def rig() -> Rig:
    return Rig()


def test_the_example_in_the_docstring_is_true() -> None:
    assert doctest.testmod(trouble_module).failed == 0


def test_the_first_line_says_host_cause_and_deadline(rig: Rig) -> None:
    rig.fail(waiting=12)
    rig.tick_to(2.0, waiting=12)
    assert rig.lines == [
        f"{HOST}: HTTP 503; 12 batches wait, the run gives up in 299 s"
    ]


def test_one_batch_is_one_batch(rig: Rig) -> None:
    rig.fail(waiting=1)
    rig.tick_to(2.0, waiting=1)
    assert "; 1 batch waits, " in rig.lines[0]


def test_one_line_every_10_s_while_it_lasts(rig: Rig) -> None:
    for _ in range(60):
        rig.fail()
        rig.tick_to(rig.now + 0.5)
    assert [line.split(" (")[0] for line in rig.lines[1:]] == [
        f"{HOST} has not worked for {seconds} s" for seconds in (11, 21)
    ]
    assert rig.lines[1].endswith(
        "(HTTP 503); 12 batches wait, the run gives up in 289 s"
    )


def test_a_line_when_it_is_over(rig: Rig) -> None:
    rig.fail()
    rig.tick_to(21.0)
    rig.work()
    rig.tick_to(500.0)
    assert rig.lines[-1] == f"{HOST} works again after 21 s"
    assert len(rig.lines) == 4


def test_a_wait_of_less_than_a_second_is_not_told(rig: Rig) -> None:
    rig.fail()
    rig.tick_to(0.6)
    rig.work()
    rig.tick_to(500.0)
    assert rig.lines == []


def test_a_second_absence_is_told_like_the_first(rig: Rig) -> None:
    for _ in range(2):
        rig.fail()
        rig.tick_to(rig.now + 2.0)
        rig.work()
    assert len(rig.lines) == 4


def test_a_sandbox_that_is_not_started_is_asked_for() -> None:
    rig = Rig("127.0.0.1:8765", is_loopback=True)
    rig.fail("refuses connections", waiting=1)
    rig.tick_to(2.0)
    assert rig.lines[0].startswith(
        "127.0.0.1:8765: refuses connections (is the sandbox running?); "
    )


def test_other_hosts_and_causes_are_no_sandbox() -> None:
    for rig, cause in (
        (Rig(), "refuses connections"),
        (Rig("127.0.0.1:8765", is_loopback=True), "HTTP 503"),
    ):
        rig.fail(cause)
        rig.tick_to(2.0)
        assert "sandbox" not in rig.lines[0]


def test_refusals_while_others_work_are_told_once_and_then_what_was_learnt(
    rig: Rig,
) -> None:
    rig.work()
    for _ in range(100):
        rig.tick_to(rig.now + 0.2)
        rig.work()
        rig.fail("HTTP 429")
    assert rig.lines[0] == (
        f"{HOST}: HTTP 429 for some requests; they are sent again, and fewer at a time"
    )
    assert re.fullmatch(
        f"{HOST}: HTTP 429 for some requests; "
        r"about \d+(\.\d)? requests a second are sent",
        rig.lines[1],
    )
    assert len(rig.lines) == 2


def test_when_nothing_fails_for_a_minute_that_is_told(rig: Rig) -> None:
    for _ in range(3):
        rig.fail("HTTP 502")
        rig.work()
    rig.tick_to(100.0)
    assert rig.lines[-1] == f"{HOST}: no request failed for 60 s"
    assert rig.trouble.next_line_at is None


def test_a_single_failure_among_many_requests_is_not_told(rig: Rig) -> None:
    rig.work()
    rig.fail("HTTP 502")
    rig.work()
    rig.tick_to(500.0)
    rig.work()
    assert rig.lines == []


def test_failures_that_are_rare_are_never_told(rig: Rig) -> None:
    for _ in range(5):
        rig.fail("HTTP 502")
        rig.work()
        rig.now += 61.0
        rig.work()
    assert rig.lines == []


def test_trouble_is_over_a_minute_after_the_last_failure(rig: Rig) -> None:
    rig.fail("HTTP 502")
    assert not rig.trouble.is_over(100.0)
    rig.work()
    assert not rig.trouble.is_over(59.0)
    assert rig.trouble.is_over(60.0)
