"""From a row to the state that covers it, with requests that take no real time."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from target_contentsquare.delivery.outbox import MAX_WAIT_SECONDS
from target_contentsquare.errors import (
    ApiError,
    BatchRefusedError,
    OutputError,
    TooManyRejectedError,
)
from tests.singer.rig import OutboxRig

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def rig() -> OutboxRig:
    return OutboxRig()


@pytest.fixture
def rig_with_file(tmp_path: Path) -> Iterator[Callable[..., OutboxRig]]:
    """Makes rigs that keep rejected rows in a file."""
    made: list[OutboxRig] = []

    def rig_with_file(**options: Any) -> OutboxRig:
        made.append(OutboxRig(tmp_path / "rejected.singer", **options))
        return made[-1]

    yield rig_with_file
    for rig in made:
        rig.close()


def test_a_tap_that_gives_a_state_after_every_row_still_fills_its_batches(
    rig: OutboxRig,
) -> None:
    rig.put_and_mark("abcdefgh")
    rig.flush()
    assert rig.delivery.order == ["abc", "def", "gh"]
    assert rig.lines == ["c", "h"]


def test_a_state_is_printed_as_soon_as_the_rows_before_it_are_through(
    rig: OutboxRig,
) -> None:
    rig.delivery.seconds = {"abc": 5.0, "def": 1.0}
    rig.put_and_mark("abcdef")
    rig.world.work(3.0)
    rig.tick()
    assert rig.delivery.delivered == []
    assert rig.lines == []
    rig.world.work(3.0)
    rig.tick()
    assert rig.lines == ["f"]


@pytest.mark.parametrize("how", ["full", "finish", "age"])
def test_no_state_covers_a_batch_that_is_waiting_for_room(how: str) -> None:
    """Between its open batch and its request, a batch is unsettled all the same."""
    rig = OutboxRig(max_in_flight=1)
    rig.put("x", project=163)
    rig.mark(b"covers x")
    rig.put("abc")
    rig.mark(b"covers all")
    if how == "full":
        rig.put("yz", project=163)
    elif how == "age":
        rig.world.now += MAX_WAIT_SECONDS
        rig.world.after(1.0, rig.world.notify)
        rig.tick()
    else:
        rig.flush()
    sent = [users for at, users in rig.delivery.sent if at < rig.world.now]
    assert rig.lines == (["covers all"] if "x" in sent else [])


def test_no_state_covers_a_batch_that_never_got_its_turn() -> None:
    rig = OutboxRig(max_in_flight=1)
    rig.delivery.answers = {"bcd": [ApiError("HTTP 403")]}
    rig.put("a", project=163)
    rig.mark(b"covers a")
    rig.put("bcd")
    with pytest.raises(ApiError):
        rig.flush()
    rig.give_up()
    assert rig.lines == []


def test_states_are_printed_though_nothing_is_sent_but_once_a_second(
    rig: OutboxRig,
) -> None:
    for tenth in range(35):
        rig.mark(b"%d" % tenth)
        rig.world.now += 0.1
    rig.flush()
    assert [int(line) for line in rig.lines] == pytest.approx([0, 10, 20, 30, 34], 1)


def test_a_tick_prints_what_no_acknowledgement_will(rig: OutboxRig) -> None:
    rig.mark(b"1")
    rig.mark(b"2")
    rig.world.now += 1.0
    rig.tick()
    assert rig.lines == ["1", "2"]


def test_states_wait_until_a_stream_has_a_mapping() -> None:
    rig = OutboxRig(mapped=False)
    rig.mark(b"1")
    rig.flush()
    assert rig.lines == []
    rig.states.enable()
    rig.flush()
    assert rig.lines == ["1"]


def test_a_part_filled_batch_goes_when_it_has_waited_too_long(rig: OutboxRig) -> None:
    rig.put("a")
    rig.world.now += MAX_WAIT_SECONDS - 1
    rig.put("b", project=163)
    rig.tick()
    assert rig.delivery.sent == []
    rig.world.now += 1
    rig.tick()
    assert rig.delivery.order == ["a"]


def test_a_row_that_is_replaced_before_it_is_sent_is_merged(rig: OutboxRig) -> None:
    rig.put("abaac")
    rig.flush()
    assert rig.delivery.order == ["bac"]
    assert (rig.counts.read, rig.counts.delivered, rig.counts.merged) == (
        5,
        3,
        2,
    )


def test_a_row_whose_key_is_under_way_is_sent_after_it(rig: OutboxRig) -> None:
    rig.put("abcade")
    rig.flush()
    assert rig.delivery.sent == [(0.0, "abc"), (1.0, "ade")]
    assert rig.counts.merged == 0


def test_without_a_file_the_first_rejected_row_ends_the_run(rig: OutboxRig) -> None:
    with pytest.raises(TooManyRejectedError) as ended:
        rig.reject("a")
    assert str(ended.value) == (
        "stream 'calls', row 1, field 'call_date': invalid_datetime: correct the row, "
        "or set rejected_path to keep such rows in a file and go on"
    )


def test_one_rejected_row_too_many_ends_the_run(
    rig_with_file: Callable[..., OutboxRig],
) -> None:
    rig = rig_with_file(max_rejected=2)
    rig.reject("a")
    rig.reject("b", None)
    with pytest.raises(TooManyRejectedError, match=r"row 3.*max_rejected \(2\)"):
        rig.reject("c")
    rig.close()
    assert [line["record"]["user_id"] for line in rig.rejected()] == ["a", "b"]


def test_rows_that_contentsquare_refuses_alone_go_to_the_file(
    rig_with_file: Callable[..., OutboxRig],
) -> None:
    rig = rig_with_file()
    rig.delivery.bad = {"b"}
    rig.put_and_mark("abc")
    rig.flush()
    (line,) = rig.rejected()
    assert line["record"]["user_id"] == "b"
    assert line["rejected"]["reason"] == "rejected_by_api"
    assert line["rejected"]["field"] is None
    assert rig.counts.rejected == {"rejected_by_api": 1}
    assert rig.counts.unsettled == 0
    assert rig.lines[-1] == "c"


def test_a_rejected_row_is_on_the_disk_before_a_state_covers_it(
    rig_with_file: Callable[..., OutboxRig],
) -> None:
    rig = rig_with_file()
    rig.reject("a")
    rig.mark(b"covers a")
    assert rig.lines == ["covers a"]
    assert rig.on_disk == [1]


def test_a_row_that_finds_no_room_among_the_rejected_is_in_no_state(
    rig_with_file: Callable[..., OutboxRig],
) -> None:
    rig = rig_with_file(max_rejected=1)
    rig.delivery.bad = {"b", "c"}
    rig.put_and_mark("abc")
    with pytest.raises(TooManyRejectedError):
        rig.flush()
    rig.give_up()
    rig.close()
    # Both halves are tried at once, so either may find room.
    lost = {"b", "c"} - {line["record"]["user_id"] for line in rig.rejected()}
    assert max(rig.lines, default="") < min(lost)


def test_a_closed_stdout_ends_the_run_and_is_not_tried_again(rig: OutboxRig) -> None:
    rig.stdout_closed = True
    rig.put_and_mark("abc")
    with pytest.raises(OutputError):
        rig.flush()
    rig.give_up()
    assert rig.counts.delivered == 3


def test_giving_up_prints_what_is_safe(rig: OutboxRig) -> None:
    rig.delivery.answers = {"def": [BatchRefusedError("HTTP 400")]}
    rig.put_and_mark("abcdef")
    rig.give_up()
    assert rig.lines == ["c"]
    assert rig.counts.delivered == 3


def test_the_requests_are_counted(rig: OutboxRig) -> None:
    rig.put("abcdefg")
    rig.flush()
    rig.close()
    assert rig.outbox.requests == 3


def test_a_hurried_outbox_still_delivers_all_it_was_given(rig: OutboxRig) -> None:
    rig.put_and_mark("abcd")
    rig.outbox.hurry()
    rig.flush()
    assert rig.delivery.order == ["abc", "d"]
    assert rig.lines[-1] == "d"


def test_a_batch_never_holds_more_than_the_limit() -> None:
    rig = OutboxRig(batch_rows=200, max_in_flight=4)
    random = Random(1)  # noqa: S311 - repeatable on purpose
    for _ in range(5000):
        rig.put(chr(0x4E00 + random.randrange(3000)))
    rig.flush()
    sizes = [len(users) for users in rig.delivery.order]
    assert set(sizes[:-1]) == {200}
    assert sum(sizes) == rig.counts.delivered
    assert rig.counts.unsettled == 0
