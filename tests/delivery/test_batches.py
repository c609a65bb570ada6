"""Batches: what is in them, in which order, and when they are full."""

from __future__ import annotations

import itertools
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from target_contentsquare.delivery.batches import Batch, Change, OpenBatches, Row
from target_contentsquare.delivery.origin import Source
from target_contentsquare.delivery.summary.summary import StreamCounts
from target_contentsquare.enrichment import Enrichment, Integration, Key

KEYS = st.tuples(
    st.sampled_from([None, 1, 2]),
    st.sampled_from("abcde"),
    st.integers(1, 2),
    st.just(1),
)
PLACED = st.lists(st.tuples(KEYS, st.integers(1, 3)), max_size=120)


def row(position: int, size: int = 0) -> Row:
    return Row(
        StreamCounts(),
        Source("calls"),
        position + 1,
        None,
        size,
        None,
        Enrichment(f"u-{position}", 1, 1, {"n": position}),
        position,
    )


def batch_of(positions: range) -> Batch:
    rows: dict[Key, Row] = {(1, f"u-{at}", 1, 1): row(at) for at in positions}
    return Batch(1, Integration(7), rows, 3.0)


def never() -> float:
    """Stand for a clock where the time of day plays no part."""
    return 0.0


def add(batches: OpenBatches, key: Key, version: int, placed: Row) -> Change:
    change = batches.add(key, Integration(version), placed)
    return change or Change(None, iter(()))


def positions(batch: Batch) -> list[int]:
    return [one.position for one in batch.rows.values()]


class PlainBatches:
    """The rows that wait, in one list; a batch is what can be found in it."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.rows: list[tuple[Key, int, int]] = []

    def add(self, key: Key, version: int, at: int) -> tuple[int | None, list[int]]:
        replaced = [one for one in self.rows if one[0] == key]
        self.rows = [one for one in self.rows if one[0] != key]
        self.rows.append((key, version, at))
        mine = [one for one in self.rows if (one[0][0], one[1]) == (key[0], version)]
        full = mine if len(mine) == self.size else []
        self.rows = [one for one in self.rows if one not in full]
        return (replaced[0][2] if replaced else None), [one[2] for one in full]


@given(PLACED, st.integers(1, 6))
def test_rows_go_where_a_plain_list_would_put_them(
    placed: list[tuple[Key, int]], size: int
) -> None:
    batches, plain = OpenBatches(size, never), PlainBatches(size)
    for at, (key, version) in enumerate(placed):
        replaced, going = add(batches, key, version, row(at))
        was = None if replaced is None else replaced.position
        full_ones = [*going]
        sent = [at for full in full_ones for at in positions(full)]
        assert (was, sent) == plain.add(key, version, at)
        for full in full_ones:
            assert (full.project_id, full.integration) == (key[0], Integration(version))
    waiting = sorted(itertools.chain.from_iterable(map(positions, batches)))
    assert waiting == [at for _, _, at in plain.rows]


@given(PLACED)
def test_no_batch_is_empty_and_rows_stay_in_the_order_they_were_read(
    placed: list[tuple[Key, int]],
) -> None:
    batches = OpenBatches(1000, never)
    for at, (key, version) in enumerate(placed):
        add(batches, key, version, row(at))
        for batch in batches:
            assert positions(batch) == sorted(positions(batch)) != []
            assert batch.first_position == positions(batch)[0]


@given(
    st.lists(st.tuples(KEYS, st.integers(1, 3), st.integers(0, 40)), max_size=200),
    st.integers(1, 30),
    st.integers(1, 200),
)
def test_no_more_waits_than_may_and_those_begun_first_go(
    placed: list[tuple[Key, int, int]], most_rows: int, most_bytes: int
) -> None:
    clock = itertools.count().__next__
    batches = OpenBatches(5, clock, most_rows=most_rows, most_bytes=most_bytes)
    going: list[Batch] = []
    for at, (key, version, size) in enumerate(placed):
        more = [*add(batches, key, version, row(at, size)).going]
        going += more
        waiting = [one for batch in batches for one in batch.rows.values()]
        assert len(waiting) <= most_rows
        assert sum(one.size for one in waiting) <= most_bytes
        opened = [batch.opened_at for batch in batches]
        for batch in more:
            assert len(batch) == 5 or all(batch.opened_at < at for at in opened)
        oldest = min((one.position for one in waiting), default=None)
        assert batches.oldest_position == oldest
    held = [*going, *batches]
    assert len({at for batch in held for at in positions(batch)}) == sum(map(len, held))


def test_a_batch_is_filled_in_one_step_unless_that_changes_more_than_the_batch() -> (
    None
):
    batches = OpenBatches(200, never, most_rows=50, most_bytes=1_000)
    keys: list[Key] = [(1, f"u-{at}", 1, 1) for at in range(60)]
    rows = [row(at, 10) for at in range(60)]
    # The row after them makes the batch go, since no more than 50 may wait.
    assert batches.open_for(keys[0], Integration(1), rows[0]) == 50
    assert batches.fill(keys[:30], rows[:30])
    assert batches.open_for(keys[30], Integration(1), rows[30]) == 20
    assert not batches.fill(keys[29:31], rows[29:31])
    assert not batches.fill([keys[30]] * 2, rows[30:32])
    assert not batches.fill(keys[30:32], [row(30, 10), row(31, 700)])
    assert batches.fill(keys[30:50], rows[30:50])
    (batch,) = batches
    assert (positions(batch), batch.size) == ([*range(50)], 500)
    # Another project's batch is opened; the rows of this one still count.
    assert batches.open_for((2, "u", 1, 1), Integration(1), rows[50]) == 0


def test_one_huge_row_makes_many_small_ones_go() -> None:
    batches = OpenBatches(200, never, most_bytes=1_000)
    for project in range(100):
        key = (project, "u", 1, 1)
        add(batches, key, 1, row(project, 10))
    _, going = add(batches, (100, "u", 1, 1), 1, row(100, 995))
    assert next(going).project_id == 0
    # The others are held until they are asked for.
    assert batches.oldest_position == 1
    assert len([*going]) == 99
    assert [batch.project_id for batch in batches] == [100]


def test_the_oldest_row_of_many_batches_is_found_without_a_look_at_each() -> None:
    """Each look is counted: 20,000 batches for each of 20,000 rows were too many."""
    batches = OpenBatches(200, never)
    for turn in range(3):
        for project in range(2_000):
            at = turn * 2_000 + project
            add(batches, (project, "u", 1, 1), 1, row(at))
            batches.oldest_position  # noqa: B018 - kept up to date on the way
    looks = 0

    def look(batch: Batch) -> int:
        nonlocal looks
        looks += 1
        return next(iter(batch.rows.values())).position

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Batch, "first_position", property(look))
        for project in range(2_000):
            at = 6_000 + project
            add(batches, (project, "u", 1, 1), 1, row(at))
            assert batches.oldest_position == 4_001 + project
    assert looks < 4 * 2_000


def test_the_newest_row_wins_over_integrations_too() -> None:
    """A key does not tell integrations apart, so neither may what overwrites it."""
    batches = OpenBatches(200, never)
    key = (1, "u", 1, 1)
    batches.add(key, Integration(1), row(0))
    change = batches.add(key, Integration(2, 100), row(1))
    assert change is not None
    assert (change.replaced, [*change.going]) == (row(0), [])
    assert [batch.integration for batch in batches] == [Integration(2, 100)]


def test_a_batch_remembers_when_it_was_begun() -> None:
    batches = OpenBatches(200, iter([10.0, 20.0]).__next__)
    for project in (1, 1, 2):
        add(batches, (project, f"{project}", 1, 1), 1, row(0))
    assert [batch.opened_at for batch in batches] == [10.0, 20.0]


@pytest.mark.parametrize("size", [2, 3, 7, 199, 200])
def test_halves_are_the_whole_in_order(size: int) -> None:
    whole = batch_of(range(size))
    first, second = whole.halves()
    assert positions(first) + positions(second) == list(range(size))
    assert len(first) - len(second) in {0, 1}
    for half in (first, second):
        assert (half.project_id, half.integration) == (1, Integration(7))
        assert half.opened_at == 3.0


def test_an_enrichment_is_named_as_in_the_api() -> None:
    written: Any = msgspec.json.decode(msgspec.json.encode(row(0).enrichment))
    assert written == {
        "userId": "u-0",
        "sessionNumber": 1,
        "enrichmentNumber": 1,
        "enrichment": {"n": 0},
    }
