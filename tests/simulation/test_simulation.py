"""Guarantees 1 to 4 for thousands of seeds, as `tests.simulation` describes.

`SIMULATION_SEEDS=10000` runs more seeds, `SIMULATION_SEED=123` only that one.
"""

from __future__ import annotations

import math
import os
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from target_contentsquare.delivery.batches import Batch, OpenBatches
from target_contentsquare.delivery.key_order import KeyOrder
from target_contentsquare.delivery.memory import numbers
from target_contentsquare.delivery.memory.identity import (
    STREAM_BYTES,
    fingerprint,
    source_row,
)
from target_contentsquare.delivery.memory.numbers import Numbers
from target_contentsquare.delivery.memory.on_its_way import OnItsWay
from target_contentsquare.delivery.memory.store import Store
from target_contentsquare.delivery.rate.project_rate import ProjectRate
from target_contentsquare.singer.results.checkpoint import Checkpoint
from tests.broken_delivery import (
    do_not_hold_keys,
    do_not_keep_order,
    flush_nothing,
    newest_safe,
    print_unchecked,
)
from tests.simulation.scenario import STREAMS
from tests.simulation.simulate import simulate

if TYPE_CHECKING:
    from collections.abc import Iterable

    from target_contentsquare.delivery.memory.store import Entry
    from target_contentsquare.delivery.memory.waiting_row import WaitingRow
    from target_contentsquare.delivery.origin import Origin
    from target_contentsquare.enrichment import Key

SEEDS = int(os.environ.get("SIMULATION_SEEDS", "1000"))
SEED = os.environ.get("SIMULATION_SEED")


def simulate_all(seeds: Iterable[int]) -> Counter[str]:
    return sum(map(simulate_or_name_seed, seeds), start=Counter())


def simulate_or_name_seed(seed: int) -> Counter[str]:
    try:
        return simulate(seed)
    except Exception as error:
        msg = f"seed {seed}: {error} (SIMULATION_SEED={seed} runs only this seed)"
        raise AssertionError(msg) from error


def test_the_guarantees_hold_for_every_seed_and_every_situation_occurs() -> None:
    events = simulate_all(range(SEEDS) if SEED is None else [int(SEED)])
    if SEED is None:
        expected = {
            "answer: taken",
            "answer: BatchRefusedError",
            "answer: RetryableError",
            "batch behind another",
            "crash",
            "crash before a commit",
            "crash after a commit",
            "failed: ApiError",
            "failed: AuthenticationError",
            "failed: DeliveryError",
            "failed: OutputError",
            "failed: TooManyRejectedError",
            "no number left",
            "number taken away",
            "row overwritten by one that says its number",
            *(f"number {n} of {stream}" for n in (1, 2, 3) for stream in STREAMS),
            "part-filled batch",
            "row merged",
            "signal",
            "state printed",
            "unchanged",
        }
        assert expected <= events.keys(), f"not events: {expected - events.keys()}"


def test_a_seed_gives_the_same_events_every_time() -> None:
    assert [simulate(seed) for seed in range(30)] == [
        simulate(seed) for seed in range(30)
    ]


def forget_the_second_half(batch: Batch) -> tuple[Batch, Batch]:
    first, _ = halves(batch)
    return first, first


def print_too_early(checkpoint: Checkpoint, oldest: int) -> bytes | None:
    return newest_safe(checkpoint, oldest + 1)


def print_too_late(checkpoint: Checkpoint, oldest: int) -> bytes | None:
    return newest_safe(checkpoint, oldest - 1)


def do_not_wait(rate: ProjectRate, now: float) -> float | None:
    return None if next_start(rate, now) is None else now


def remember_what_may_be_replaced(on_its_way: OnItsWay, batch: Batch) -> None:
    for key, row in batch.rows.items():
        if (newest := on_its_way.rows.get(key)) is not None:
            current = fingerprint(batch.integration, row.enrichment)
            on_its_way.rows[key] = newest._replace(
                position=row.position, fingerprint=current
            )
    note_delivered(on_its_way, batch)


def forget_nothing(store: Store, ids: Iterable[int]) -> None:
    _ = store, ids


def do_not_commit(store: Store) -> None:
    _ = store


def reserve_nothing(store: Store, entry: Entry) -> None:
    _ = store, entry


def reserve_uncommitted(store: Store, entry: Entry) -> None:
    store._insert([entry])  # noqa: SLF001 - broken on purpose


def number_a_fourth(giver: Numbers, key: Key, origin: Origin) -> int | None:
    return number_for(giver, key, origin) or 4


def keep_no_own(giver: Numbers, rows: Iterable[WaitingRow]) -> Iterable[WaitingRow]:
    _ = giver
    return rows


def hand_over_nothing(store: Store, *arguments: object) -> None:
    _ = store, arguments


def hand_back(on_its_way: OnItsWay, batch: Batch) -> None:
    """Let a row that was sent before keep the number that a newer one says itself."""
    for key, row in batch.rows.items():
        if (newest := on_its_way.rows.get(key)) is not None:
            on_its_way.rows[key] = newest._replace(origin=row)
    note_delivered(on_its_way, batch)


def number_as_if_all_streams_were_one(origin: Origin) -> bytes:
    return source_row(origin)[STREAM_BYTES:]


def number_as_if_all_rows_were_one(origin: Origin) -> bytes:
    return source_row(origin)[:STREAM_BYTES]


halves = Batch.halves
number_for = Numbers._number_for  # noqa: SLF001 - broken on purpose
note_delivered = OnItsWay.note_delivered
next_start = ProjectRate.next_start


@pytest.mark.parametrize(
    ("broken", "name", "replacement"),
    [
        (Batch, "halves", forget_the_second_half),
        (Batch, "first_position", math.inf),
        (Checkpoint, "newest_safe", print_too_early),
        (Checkpoint, "newest_safe", print_too_late),
        (Checkpoint, "newest_safe", print_unchecked),
        (KeyOrder, "add", do_not_keep_order),
        (KeyOrder, "add", do_not_hold_keys),
        (OpenBatches, "take_all", flush_nothing),
        (ProjectRate, "next_start", do_not_wait),
        (OnItsWay, "note_delivered", remember_what_may_be_replaced),
        (Store, "mark", forget_nothing),
        (Store, "commit_marks", do_not_commit),
        (Store, "reserve", reserve_nothing),
        (Store, "reserve", reserve_uncommitted),
        (Numbers, "_number_for", number_a_fourth),
        (Numbers, "keep_own", keep_no_own),
        (Store, "hand_over", hand_over_nothing),
        (OnItsWay, "note_delivered", hand_back),
        (numbers, "source_row", number_as_if_all_streams_were_one),
        (numbers, "source_row", number_as_if_all_rows_were_one),
    ],
)
def test_the_simulation_notices_a_broken_core(
    monkeypatch: pytest.MonkeyPatch, broken: object, name: str, replacement: object
) -> None:
    monkeypatch.setattr(broken, name, replacement)
    with pytest.raises(AssertionError, match="seed"):
        simulate_all(range(300))
