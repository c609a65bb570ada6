"""The newest state that covers no unsettled row, however rows are settled."""

from __future__ import annotations

import math
from weakref import WeakSet

from hypothesis import given
from hypothesis import strategies as st

from target_contentsquare.singer.checkpoint import Checkpoint


class PlainCheckpoint:
    """Keeps every state for ever, and looks at all of them each time."""

    def __init__(self) -> None:
        self.marks: list[tuple[int, int]] = []
        self.given = -1

    def newest_safe(self, oldest: float) -> int | None:
        safe = [state for position, state in self.marks if position <= oldest]
        if not safe or safe[-1] == self.given:
            return None
        self.given = safe[-1]
        return self.given


# What happens: a row is read, the tap gives a state, one of the unsettled rows is
# settled, the newest safe state is asked for, or old marks are forgotten.
STEPS = st.lists(
    st.one_of(
        st.sampled_from(["row", "state", "state", "ask", "compact"]),
        st.integers(0, 30),
    ),
    max_size=200,
)


@given(STEPS)
def test_it_hands_out_what_looking_at_all_states_would(steps: list[str | int]) -> None:
    checkpoint, plain = Checkpoint[int](), PlainCheckpoint()
    read, unsettled = 0, dict[int, None]()
    for number, step in enumerate(steps):
        if step == "row":
            unsettled[read] = None
            read += 1
        elif step == "state":
            checkpoint.mark(read, number)
            plain.marks.append((read, number))
        elif step == "compact":
            checkpoint.compact(unsettled)
        elif step == "ask":
            oldest = min(unsettled, default=read)
            assert checkpoint.newest_safe(oldest) == plain.newest_safe(oldest)
        elif unsettled:
            assert isinstance(step, int)
            del unsettled[list(unsettled)[step % len(unsettled)]]
    assert checkpoint.newest_safe(read) == plain.newest_safe(math.inf)


def test_a_state_is_handed_out_once() -> None:
    checkpoint = Checkpoint[str]()
    checkpoint.mark(5, "first")
    checkpoint.mark(5, "second")
    assert checkpoint.newest_safe(4) is None
    assert checkpoint.newest_safe(5) == "second"
    assert checkpoint.newest_safe(5) is None


class Bookmark:
    """A state that can be seen to be forgotten."""


def test_states_that_come_behind_one_slow_row_do_not_pile_up() -> None:
    checkpoint, alive = Checkpoint[Bookmark](), WeakSet[Bookmark]()
    most = 0
    for position in range(50_000):
        bookmark = Bookmark()
        alive.add(bookmark)
        checkpoint.mark(position, bookmark)
        if checkpoint.wants_compacting:
            most = max(most, len(alive))
            checkpoint.compact([0, *range(position - 500, position)])
    assert 0 < most < 2000
    assert checkpoint.newest_safe(50_000) is bookmark


def test_states_are_not_compacted_again_and_again() -> None:
    """Each time costs as much as there are unsettled rows."""
    checkpoint = Checkpoint[int]()
    unsettled = range(10_000)
    times = 0
    for position in unsettled:
        checkpoint.mark(position, position)
        if checkpoint.wants_compacting:
            checkpoint.compact(unsettled)
            times += 1
    assert times < 6
