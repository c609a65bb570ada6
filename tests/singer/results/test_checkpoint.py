"""The newest state that covers no unsettled row, however rows are settled."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from target_contentsquare.singer.results.checkpoint import Checkpoint


class PlainCheckpoint:
    """Keeps every state for ever, and looks at all of them each time."""

    def __init__(self) -> None:
        self.marks: list[tuple[int, bytes]] = []
        self.given = b""

    def newest_safe(self, oldest: float) -> bytes | None:
        safe = [state for position, state in self.marks if position <= oldest]
        if not safe or safe[-1] == self.given:
            return None
        self.given = safe[-1]
        return self.given


# What happens: a row is read, the tap gives a state, one of the unsettled rows is
# settled, or the newest safe state is asked for.
STEPS = st.lists(
    st.one_of(st.sampled_from(["row", "state", "state", "ask"]), st.integers(0, 30)),
    max_size=200,
)


@given(STEPS)
def test_it_hands_out_what_looking_at_all_states_would(steps: list[str | int]) -> None:
    checkpoint, plain = Checkpoint(), PlainCheckpoint()
    read, unsettled = 0, dict[int, None]()
    for number, step in enumerate(steps):
        if step == "row":
            unsettled[read] = None
            read += 1
        elif step == "state":
            checkpoint.mark(read, b"%d" % number)
            plain.marks.append((read, b"%d" % number))
        elif step == "ask":
            oldest = min(unsettled, default=read)
            assert checkpoint.newest_safe(oldest) == plain.newest_safe(oldest)
        elif unsettled:
            assert isinstance(step, int)
            del unsettled[list(unsettled)[step % len(unsettled)]]
    assert checkpoint.newest_safe(read) == plain.newest_safe(math.inf)


def test_a_state_is_handed_out_once() -> None:
    checkpoint = Checkpoint()
    checkpoint.mark(5, b"first")
    checkpoint.mark(5, b"second")
    assert checkpoint.newest_safe(4) is None
    assert checkpoint.newest_safe(5) == b"second"
    assert checkpoint.newest_safe(5) is None


def held(checkpoint: Checkpoint) -> list[bytes]:
    """The states that a checkpoint holds, oldest first; it is empty afterwards."""
    states = map(checkpoint.newest_safe, range(100_000))
    return [state for state in states if state is not None]


@pytest.mark.parametrize(
    ("size", "most"), [(10, 20_000), (50_000, 400), (20_000_000, 3)]
)
def test_states_behind_one_slow_row_do_not_pile_up(size: int, most: int) -> None:
    checkpoint = Checkpoint()
    count = min(50_000, 500_000_000 // size)
    for position in range(1, count + 1):
        checkpoint.mark(position, b"%d " % position + bytes(size))
    states = [int(state.split()[0]) for state in held(checkpoint)]
    assert len(states) <= most
    assert states[-1] == count


def test_when_states_pile_up_one_that_is_safe_is_at_most_a_little_older() -> None:
    checkpoint = Checkpoint()
    for position in range(1, 100_001):
        checkpoint.mark(position, b"%d" % position)
    for settled in range(1_000, 100_000, 7_000):
        state = checkpoint.newest_safe(settled)
        assert state is not None
        assert settled - int(state) < 50
