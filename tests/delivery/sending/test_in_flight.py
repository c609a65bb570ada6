"""One delivery at a time, each showing one promise; the simulation mixes them all."""

from __future__ import annotations

import logging
import math
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from target_contentsquare.delivery.batches import Batch
from target_contentsquare.delivery.sending.in_flight import Callbacks, InFlight
from target_contentsquare.delivery.sending.wakeup import Wakeup
from target_contentsquare.delivery.trouble.trouble_log import TroubleLog
from target_contentsquare.enrichment import Integration
from target_contentsquare.errors import (
    ApiError,
    DeliveryError,
    FatalError,
    OutputError,
    RetryableError,
    TooManyRejectedError,
)
from tests.delivery.rig import (
    FATAL,
    NOT_COVERED,
    REFUSED,
    TROUBLE,
    DeliveryRig,
    batch,
    users_of,
    working_rates,
)


def test_requests_run_side_by_side() -> None:
    rig = DeliveryRig(max_in_flight=3)
    rig.put("a", "b", "c")
    rig.delivery.drain()
    assert rig.sent == [(0.0, "a"), (0.0, "b"), (0.0, "c")]
    assert rig.world.now == 1.0


def test_submitting_waits_while_all_requests_are_busy() -> None:
    rig = DeliveryRig(max_in_flight=2)
    rig.put("a", "b")
    assert rig.world.now == 0.0
    rig.put("c")
    assert rig.world.now == 1.0
    assert rig.in_flight <= 2


def test_a_batch_waits_for_the_one_that_holds_its_key_and_for_no_other() -> None:
    rig = DeliveryRig()
    rig.seconds = {"ab": 5.0, "cd": 20.0}
    rig.put("ab", "cd", "be", "f")
    rig.delivery.drain()
    assert rig.sent == [(0.0, "ab"), (0.0, "cd"), (0.0, "f"), (5.0, "be")]


def test_a_batch_waits_for_all_that_hold_a_key_of_its() -> None:
    rig = DeliveryRig()
    rig.seconds = {"a": 5.0, "b": 9.0}
    rig.put("a", "b", "ab", "ac")
    rig.delivery.drain()
    assert rig.sent[2:] == [(9.0, "ab"), (10.0, "ac")]


def test_a_key_is_held_through_retries() -> None:
    rig = DeliveryRig()
    rig.answers = {"ab": [TROUBLE, TROUBLE]}
    rig.put("ab", "bc", "d")
    rig.delivery.drain()
    assert rig.order == ["ab", "d", "ab", "ab", "bc"]


def test_a_key_is_held_until_the_last_half_is_settled() -> None:
    rig = DeliveryRig()
    rig.answers = {"abcd": [REFUSED], "cd": [REFUSED], "d": [TROUBLE]}
    rig.put("abcd", "ax", "y")
    rig.delivery.drain()
    assert rig.order == ["abcd", "y", "ab", "cd", "c", "d", "d", "ax"]


def test_one_busy_key_does_not_make_memory_grow() -> None:
    rig = DeliveryRig(max_in_flight=2)
    rig.seconds = {"a": 50.0}
    rig.put("a", "ab", "ac")
    assert rig.world.now == 0.0
    rig.put("ad")
    assert rig.world.now >= 50.0


def test_a_refused_row_is_found_and_the_others_are_delivered() -> None:
    rig = DeliveryRig()
    rig.answers = {name: [REFUSED] for name in ("abcdefg", "efg", "ef", "f")}
    rig.put("abcdefg")
    rig.delivery.drain()
    assert rig.rejected == ["f"]
    assert sorted("".join(rig.delivered)) == list("abcdeg")


def test_rows_of_a_batch_that_can_not_be_sent_are_all_rejected_at_once() -> None:
    rig = DeliveryRig()
    rig.answers = {"abc": [NOT_COVERED]}
    rig.put("abc", "cd")
    rig.delivery.drain()
    assert (rig.rejected, rig.delivered) == (["abc"], ["cd"])
    assert rig.order == ["abc", "cd"]
    assert list(rig.delivery.unsettled) == []


@given(st.integers(1, 200), st.sets(st.integers(0, 199), max_size=12))
def test_halving_costs_two_requests_a_level_for_each_bad_row(
    size: int, bad: set[int]
) -> None:
    names = [chr(0x4E00 + at) for at in range(size)]
    rig = DeliveryRig()
    rig.bad = {names[at] for at in bad if at < size}
    rig.put("".join(names))
    rig.delivery.drain()
    assert set(rig.rejected) == rig.bad
    assert len("".join(rig.delivered)) == size - len(rig.bad)
    assert len(rig.sent) <= 1 + 2 * len(rig.bad) * math.ceil(math.log2(size))


def test_rows_count_as_unsettled_until_their_own_part_is_through() -> None:
    rig = DeliveryRig()
    rig.answers = {"abcd": [REFUSED], "cd": [REFUSED], "d": [REFUSED]}
    rig.seconds = {"cd": 2.0, "d": 2.0}
    rig.put("abcd")
    rig.delivery.drain()
    assert rig.unsettled == [["abcd"], ["ab", "cd"], ["cd"], ["c", "d"], ["d"], []]


def test_a_batch_counts_as_unsettled_while_it_waits_for_room() -> None:
    rig = DeliveryRig(max_in_flight=1)
    rig.put("a", "b")
    assert rig.unsettled == [["a"], ["a", "b"], ["b"]]


def test_a_batch_counts_as_unsettled_even_if_it_never_gets_its_turn() -> None:
    rig = DeliveryRig(max_in_flight=1)
    rig.answers = {"a": [FATAL]}
    rig.put("a")
    with pytest.raises(ApiError):
        rig.put("b")
    assert sorted(map(users_of, rig.delivery.unsettled)) == ["a", "b"]


def test_a_batch_counts_as_unsettled_if_what_comes_before_sending_fails() -> None:
    """A state must not cover it, and it must not be sent later either."""
    rig = DeliveryRig()
    rig.put("a")
    rig.fails["before_sending"] = OutputError("the disk is full")
    with pytest.raises(OutputError):
        rig.put("b")
    rig.delivery.finish()
    assert [users_of(batch) for batch in rig.delivery.unsettled] == ["b"]
    assert rig.order == ["a"]


def test_a_wait_that_one_answer_asks_for_holds_for_all_requests_of_its_project() -> (
    None
):
    rig = DeliveryRig()
    rig.answers = {"a": [RetryableError("HTTP 503", 60.0)]}
    rig.put("a", "b")
    rig.world.work(1.0)
    rig.put("c", "d")
    rig.delivery.submit(batch("e", project=163))
    rig.delivery.drain()
    assert rig.sent[:3] == [(0.0, "a"), (0.0, "b"), (1.0, "e")]
    # The oldest goes first.
    assert rig.sent[3] == (61.0, "a")
    assert sorted(rig.order[4:]) == ["c", "d"]


def test_an_api_that_stays_away_ends_the_run() -> None:
    rig = DeliveryRig(max_seconds=10.0)
    rig.answers = {"abc": [TROUBLE] * 99}
    rig.put("abc")
    with pytest.raises(DeliveryError) as ended:
        rig.delivery.drain()
    assert rig.sent[-1][0] == 10.0
    assert str(ended.value) == (
        "3 rows for project 162 (integration version 3) could not be sent: HTTP 503; "
        "no sign for too long that it works. They are not in the state: run again, or "
        "raise max_retry_seconds"
    )


def test_a_wait_that_is_longer_than_what_is_left_is_named() -> None:
    rig = DeliveryRig(max_seconds=10.0)
    rig.answers = {"abc": [RetryableError("HTTP 429", 60.0, is_throttling=True)]}
    rig.put("abc")
    with pytest.raises(DeliveryError, match="it asks to wait 60 s, which is more than"):
        rig.delivery.drain()


def test_each_half_has_the_whole_time_for_its_retries() -> None:
    rig = DeliveryRig(max_seconds=10.0)
    rig.answers = {"ab": [TROUBLE, TROUBLE, TROUBLE, REFUSED], "a": [TROUBLE] * 3}
    rig.put("ab")
    rig.delivery.drain()
    assert rig.delivered == ["b", "a"]


def test_when_one_request_fails_for_good_the_others_are_finished_and_counted() -> None:
    rig = DeliveryRig(max_in_flight=3)
    rig.answers = {"a": [FATAL]}
    rig.seconds = {"b": 5.0, "c": 7.0}
    rig.put("a", "b", "c")
    with pytest.raises(ApiError):
        rig.put("d")
    assert rig.delivered == ["b", "c"]
    assert rig.order == ["a", "b", "c"]
    assert rig.in_flight == 0


def test_the_first_failure_is_the_one_to_tell() -> None:
    rig = DeliveryRig(max_in_flight=2)
    rig.answers = {"a": [FATAL], "b": [DeliveryError("second")]}
    rig.seconds = {"b": 3.0}
    rig.put("a", "b")
    with pytest.raises(ApiError):
        rig.delivery.drain()


@pytest.mark.parametrize("bug", [KeyError("surprise"), MemoryError()])
def test_a_defect_in_sending_ends_the_run_too(bug: Exception) -> None:
    rig = DeliveryRig()
    rig.answers = {"a": [bug]}
    rig.put("a", "b")
    with pytest.raises(type(bug)):
        rig.delivery.drain()
    assert rig.delivered == ["b"]


@pytest.mark.parametrize(
    ("callback", "error"),
    [
        ("on_rejected", TooManyRejectedError("one too many")),
        ("on_settled", OutputError("nobody reads the state")),
    ],
)
def test_what_a_callback_can_not_cope_with_ends_the_run(
    callback: str, error: FatalError
) -> None:
    rig = DeliveryRig()
    rig.answers = {"a": [REFUSED]}
    rig.put("a", "b")
    rig.fails = {callback: error}
    with pytest.raises(type(error)):
        rig.delivery.drain()
    assert rig.delivered == ["b"]


def test_a_row_that_could_not_be_put_among_the_rejected_stays_unsettled() -> None:
    rig = DeliveryRig()
    rig.fails = {"on_rejected": TooManyRejectedError("one too many")}
    rig.answers = {"a": [REFUSED]}
    rig.put("a")
    with pytest.raises(TooManyRejectedError):
        rig.delivery.drain()
    assert list(map(users_of, rig.delivery.unsettled)) == ["a"]


def test_hurrying_ends_a_wait_at_once() -> None:
    rig = DeliveryRig()
    rig.answers = {"a": [RetryableError("HTTP 429", 200.0)]}
    rig.put("a")

    def stop() -> None:
        rig.delivery.hurry()
        rig.world.notify()

    rig.world.after(5.0, stop)
    rig.delivery.drain()
    assert rig.sent == [(0.0, "a"), (5.0, "a")]
    assert rig.delivered == ["a"]


def test_a_hurried_run_is_given_up_after_five_seconds_without_a_sign() -> None:
    rig = DeliveryRig(max_in_flight=1)
    rig.answers = {"a": [TROUBLE] * 99}
    rig.put("a")
    rig.world.work(1.0)
    rig.delivery.poll()
    rig.delivery.hurry()
    with pytest.raises(DeliveryError, match="HTTP 503"):
        rig.delivery.drain()
    assert rig.world.now == pytest.approx(6.0, abs=1.0)


def test_hurrying_does_not_stop_the_search_for_bad_rows() -> None:
    rig = DeliveryRig()
    rig.answers = {"abcd": [REFUSED], "cd": [REFUSED], "d": [REFUSED]}
    rig.put("abcd")
    rig.delivery.hurry()
    rig.delivery.drain()
    assert rig.rejected == ["d"]
    assert sorted("".join(rig.delivered)) == list("abc")


def test_giving_up_finishes_what_is_in_flight_and_starts_nothing() -> None:
    rig = DeliveryRig(max_in_flight=2)
    rig.answers = {"ab": [REFUSED], "c": [TROUBLE]}
    rig.put("ab", "c")
    rig.delivery.finish()
    assert rig.order == ["ab", "c"]
    assert sorted(map(users_of, rig.delivery.unsettled)) == ["ab", "c"]


@pytest.mark.parametrize("workers", [1, 8])
def test_it_works_with_threads_and_sleeps_for_real(workers: int) -> None:
    wakeup, lock = Wakeup(), threading.Lock()
    stored: dict[str, int] = {}
    at_once = most = 0

    def send(batch: Batch) -> None:
        nonlocal at_once, most
        with lock:
            at_once += 1
            most = max(most, at_once)
        time.sleep(0.002)
        with lock:
            stored.update(
                {row.enrichment.user_id: row.position for row in batch.rows.values()}
            )
            at_once -= 1

    def sleep(seconds: float | None) -> None:
        wakeup.sleep(seconds)

    random = Random(5)  # noqa: S311 - repeatable on purpose
    expected: dict[str, int] = {}
    delivered: list[Batch] = []
    callbacks = Callbacks(
        delivered.append,
        lambda *_: None,
        lambda *_: None,
        on_settled=lambda: None,
        before_sending=lambda: None,
    )
    rates = working_rates(workers)
    with ThreadPoolExecutor(workers) as executor:
        delivery = InFlight(
            send,
            callbacks,
            executor=executor,
            max_in_flight=workers,
            rates=rates,
            trouble=TroubleLog(rates, logging.getLogger("test")),
            clock=time.monotonic,
            sleep=sleep,
            notify=wakeup.notify,
        )
        for number in range(200):
            rows = batch(random.sample("abcdefghijklmnopqrstuvwxyz", 3)).rows
            placed = {key: replace(row, position=number) for key, row in rows.items()}
            expected.update({row.enrichment.user_id: number for row in placed.values()})
            delivery.submit(Batch(162, Integration(1), placed))
        delivery.drain()
    assert stored == expected
    assert len(delivered) == 200
    assert most <= workers
