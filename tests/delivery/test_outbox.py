"""From a row to the state that covers it, with requests that take no real time."""

from __future__ import annotations

import json
import logging
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from target_contentsquare.delivery.outbox import MAX_WAIT_SECONDS, Limits, Outbox
from target_contentsquare.delivery.retry import RetryPolicy
from target_contentsquare.delivery.summary import Summary
from target_contentsquare.enrichment import Enrichment
from target_contentsquare.errors import (
    ApiError,
    BatchRefusedError,
    OutputError,
    TooManyRejectedError,
)
from target_contentsquare.mapping.times import utc_now
from target_contentsquare.singer.origin import Origin, Source
from target_contentsquare.singer.rejected_file import RejectedFile, Rejection
from tests.delivery.test_in_flight import Rig
from tests.singer_input import call, record, schema

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


class Office:
    """An outbox, what it sends and what it prints; users stand for their rows."""

    def __init__(
        self,
        rejected_path: Path | None = None,
        *,
        batch_rows: int = 3,
        max_in_flight: int = 2,
        max_rejected: int = 2,
        mapped: bool = True,
    ) -> None:
        self.rig = Rig(max_in_flight)
        self.world = self.rig.world
        self.lines: list[str] = []
        self.on_disk: list[int] = []
        self.stdout_closed = False
        self.path = rejected_path
        self.summary = Summary(self.world.clock)
        self.counts = self.summary.counts("calls")
        self.source = Source("calls", json.loads(schema()))
        file = RejectedFile(rejected_path, utc_now) if rejected_path else None
        self.outbox = Outbox(
            self.rig.send,
            Limits(batch_rows, max_in_flight, max_rejected, RetryPolicy(300.0)),
            self.summary,
            file,
            executor=self.rig,
            write_state=self.write,
            clock=self.world.clock,
            sleep=self.world.sleep,
            notify=self.world.notify,
            logger=logging.getLogger("office"),
        )
        if mapped:
            self.outbox.enable_state()

    def write(self, state: bytes) -> None:
        if self.stdout_closed:
            raise OutputError("standard output is closed")
        self.lines.append(state.decode())
        if self.path:
            self.on_disk.append(len(self.rejected()))

    def origin(self, user: str) -> Origin:
        self.counts.read += 1
        self.source.rows += 1
        line = record(call(user)).encode()
        return Origin(self.counts, self.source, self.source.rows, line)

    def put(self, users: str, project: int = 162) -> None:
        for user in users:
            enrichment = Enrichment(user, 1, 1, {})
            self.outbox.place((project, user, 1, 1), 1, enrichment, self.origin(user))

    def put_and_mark(self, users: str) -> None:
        """A state after every row, named after it."""
        for user in users:
            self.put(user)
            self.outbox.mark(user.encode())

    def reject(self, user: str, field: str | None = "call_date") -> None:
        rejection = Rejection("invalid_datetime", field, "detail")
        self.outbox.reject(self.origin(user), rejection)

    def rejected(self) -> list[dict[str, Any]]:
        assert self.path is not None
        if not self.path.exists():
            return []
        lines = map(json.loads, self.path.read_bytes().splitlines())
        return [line for line in lines if line["type"] == "RECORD"]


@pytest.fixture
def office() -> Office:
    return Office()


@pytest.fixture
def filing(tmp_path: Path) -> Iterator[Callable[..., Office]]:
    """Makes offices that keep rejected rows in a file."""
    made: list[Office] = []

    def filing(**options: Any) -> Office:
        made.append(Office(tmp_path / "rejected.singer", **options))
        return made[-1]

    yield filing
    for office in made:
        office.outbox.close()


def test_a_tap_that_gives_a_state_after_every_row_still_fills_its_batches(
    office: Office,
) -> None:
    office.put_and_mark("abcdefgh")
    office.outbox.finish()
    assert office.rig.order == ["abc", "def", "gh"]
    assert office.lines == ["c", "f", "h"]


def test_a_state_is_printed_as_soon_as_the_rows_before_it_are_through(
    office: Office,
) -> None:
    office.rig.seconds = {"abc": 5.0, "def": 1.0}
    office.put_and_mark("abcdef")
    office.world.work(3.0)
    office.outbox.tick()
    assert office.rig.delivered == []
    assert office.lines == []
    office.world.work(3.0)
    office.outbox.tick()
    assert office.lines == ["f"]


@pytest.mark.parametrize("how", ["full", "finish", "age"])
def test_no_state_covers_a_batch_that_is_waiting_for_room(how: str) -> None:
    """Between its open batch and its request, a batch is unsettled all the same."""
    office = Office(max_in_flight=1)
    office.put("x", project=163)
    office.outbox.mark(b"covers x")
    office.put("abc")
    office.outbox.mark(b"covers all")
    if how == "full":
        office.put("yz", project=163)
    elif how == "age":
        office.world.now += MAX_WAIT_SECONDS
        office.world.after(1.0, office.world.notify)
        office.outbox.tick()
    else:
        office.outbox.finish()
    sent = [users for at, users in office.rig.sent if at < office.world.now]
    assert office.lines == (["covers all"] if "x" in sent else [])


def test_no_state_covers_a_batch_that_never_got_its_turn() -> None:
    office = Office(max_in_flight=1)
    office.rig.answers = {"bcd": [ApiError("HTTP 403")]}
    office.put("a", project=163)
    office.outbox.mark(b"covers a")
    office.put("bcd")
    with pytest.raises(ApiError):
        office.outbox.finish()
    office.outbox.give_up()
    assert office.lines == []


def test_states_are_printed_though_nothing_is_sent_but_once_a_second(
    office: Office,
) -> None:
    for tenth in range(35):
        office.outbox.mark(b"%d" % tenth)
        office.world.now += 0.1
    office.outbox.finish()
    assert [int(line) for line in office.lines] == pytest.approx([0, 10, 20, 30, 34], 1)


def test_a_tick_prints_what_no_acknowledgement_will(office: Office) -> None:
    office.outbox.mark(b"1")
    office.outbox.mark(b"2")
    office.world.now += 1.0
    office.outbox.tick()
    assert office.lines == ["1", "2"]


def test_states_wait_until_a_stream_has_a_mapping() -> None:
    office = Office(mapped=False)
    office.outbox.mark(b"1")
    office.outbox.finish()
    assert office.lines == []
    office.outbox.enable_state()
    office.outbox.finish()
    assert office.lines == ["1"]


def test_a_part_filled_batch_goes_when_it_has_waited_too_long(office: Office) -> None:
    office.put("a")
    office.world.now += MAX_WAIT_SECONDS - 1
    office.put("b", project=163)
    office.outbox.tick()
    assert office.rig.sent == []
    office.world.now += 1
    office.outbox.tick()
    assert office.rig.order == ["a"]


def test_a_row_that_is_replaced_before_it_is_sent_is_merged(office: Office) -> None:
    office.put("abaac")
    office.outbox.finish()
    assert office.rig.order == ["bac"]
    assert (office.counts.read, office.counts.delivered, office.counts.merged) == (
        5,
        3,
        2,
    )


def test_a_row_whose_key_is_under_way_is_sent_after_it(office: Office) -> None:
    office.put("abcade")
    office.outbox.finish()
    assert office.rig.sent == [(0.0, "abc"), (1.0, "ade")]
    assert office.counts.merged == 0


def test_without_a_file_the_first_rejected_row_ends_the_run(office: Office) -> None:
    with pytest.raises(TooManyRejectedError) as ended:
        office.reject("a")
    assert str(ended.value) == (
        "stream 'calls', row 1, field 'call_date': invalid_datetime: correct the row, "
        "or set rejected_path to keep such rows in a file and go on"
    )


def test_one_rejected_row_too_many_ends_the_run(filing: Callable[..., Office]) -> None:
    office = filing(max_rejected=2)
    office.reject("a")
    office.reject("b", None)
    with pytest.raises(TooManyRejectedError, match=r"row 3.*max_rejected \(2\)"):
        office.reject("c")
    office.outbox.close()
    assert [line["record"]["user_id"] for line in office.rejected()] == ["a", "b"]


def test_rows_that_contentsquare_refuses_alone_go_to_the_file(
    filing: Callable[..., Office],
) -> None:
    office = filing()
    office.rig.bad = {"b"}
    office.put_and_mark("abc")
    office.outbox.finish()
    (line,) = office.rejected()
    assert line["record"]["user_id"] == "b"
    assert line["rejected"]["reason"] == "rejected_by_api"
    assert line["rejected"]["field"] is None
    assert office.counts.rejected == {"rejected_by_api": 1}
    assert office.counts.unsettled == 0
    assert office.lines[-1] == "c"


def test_a_rejected_row_is_on_the_disk_before_a_state_covers_it(
    filing: Callable[..., Office],
) -> None:
    office = filing()
    office.reject("a")
    office.outbox.mark(b"covers a")
    assert office.lines == ["covers a"]
    assert office.on_disk == [1]


def test_a_row_that_finds_no_room_among_the_rejected_is_in_no_state(
    filing: Callable[..., Office],
) -> None:
    office = filing(max_rejected=1)
    office.rig.bad = {"b", "c"}
    office.put_and_mark("abc")
    with pytest.raises(TooManyRejectedError):
        office.outbox.finish()
    office.outbox.give_up()
    office.outbox.close()
    # Both halves are tried at once, so either may find room.
    lost = {"b", "c"} - {line["record"]["user_id"] for line in office.rejected()}
    assert max(office.lines, default="") < min(lost)


def test_a_closed_stdout_ends_the_run_and_is_not_tried_again(office: Office) -> None:
    office.stdout_closed = True
    office.put_and_mark("abc")
    with pytest.raises(OutputError):
        office.outbox.finish()
    office.outbox.give_up()
    assert office.counts.delivered == 3


def test_giving_up_prints_what_is_safe(office: Office) -> None:
    office.rig.answers = {"def": [BatchRefusedError("HTTP 400")]}
    office.put_and_mark("abcdef")
    office.outbox.give_up()
    assert office.lines == ["c"]
    assert office.counts.delivered == 3


def test_the_requests_are_counted(office: Office) -> None:
    office.put("abcdefg")
    office.outbox.finish()
    office.outbox.close()
    assert office.summary.requests == 3


def test_a_hurried_outbox_still_delivers_all_it_was_given(office: Office) -> None:
    office.put_and_mark("abcd")
    office.outbox.hurry()
    office.outbox.finish()
    assert office.rig.order == ["abc", "d"]
    assert office.lines[-1] == "d"


def test_a_batch_never_holds_more_than_the_limit() -> None:
    office = Office(batch_rows=200, max_in_flight=4)
    random = Random(1)  # noqa: S311 - repeatable on purpose
    for _ in range(5000):
        office.put(chr(0x4E00 + random.randrange(3000)))
    office.outbox.finish()
    sizes = [len(users) for users in office.rig.order]
    assert set(sizes[:-1]) == {200}
    assert sum(sizes) == office.counts.delivered
    assert office.counts.unsettled == 0
