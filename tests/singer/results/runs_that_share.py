"""Runs that append to one rejected file at the same time, one of them killed."""

from __future__ import annotations

import json
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from target_contentsquare.sandbox import Sandbox
from target_contentsquare.singer.results.shared_file import SharedFile
from tests.conftest import config_for
from tests.runs import run_here
from tests.singer.stopped_runs import Scheduler, Tap, contents
from tests.singer_input import CALLS, call, record, schema

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from random import Random

#: Of each run.
ROWS = 600
#: The target appends whenever 1 MB of rows waits, which each write of the taps makes.
LONG_TEXT = "x" * 32_000
#: A run takes 18 writes, and so at least 1.4 s; a second state comes after 1 s.
SECONDS_BETWEEN_WRITES = 0.08
#: A target that gets its rows meanwhile wants to append them.
SECONDS_IN_A_LINE = 0.15


class RejectedTap(Tap):
    """Gives rows that are rejected, since a text is too long, but for the last row.

    Args:
        name: Its users and its SCHEMA differ from those of other names.
    """

    def __init__(self, random: Random, name: str) -> None:
        super().__init__(random, ROWS)
        self.name = name
        self.schema = schema(properties={**CALLS, f"only_{name}": {"type": "string"}})

    def row(self, number: int) -> dict[str, object]:
        name = "short" if number == ROWS - 1 else LONG_TEXT
        user = f"{self.name}-{number}"
        return call(user, call_duration=number, call_center_name=name)


class ThirdRun:
    """Appends to the file from this process, and stops in the middle of lines.

    It gets to the end of every second one; the others it leaves, as if it was killed.
    """

    def __init__(self, rejected: Path, random: Random) -> None:
        self._path, self._random = rejected, random
        self._tap = RejectedTap(random, "c")
        self._turns = iter(range(ROWS))
        # The others have at least 17 turns.
        self._turns_to_write = random.sample(range(16), 5)
        self.rows: list[int] = []

    def take_turn(self) -> None:
        """Append a row slowly if it is the time to."""
        turn = next(self._turns)
        if turn in self._turns_to_write:
            line = self._next_line()
            middle = self._random.randrange(1, len(line))
            is_finished = self._turns_to_write.index(turn) % 2 == 0
            self._append(line[:middle], line[middle:] if is_finished else b"")

    def append(self) -> None:
        """Append a row; what was left of a line before it is mended."""
        self._append(b"", self._next_line())

    def _next_line(self) -> bytes:
        row = self._tap.row(len(self.rows))
        return f"{self._tap.schema}\n{record(row)}\n".encode()

    def _append(self, start: bytes, rest: bytes) -> None:
        def write_start(_: bool) -> bytes:  # noqa: FBT001 - as `append` wants it
            """Write the start, hold the lock for a while, and return the rest."""
            writer.write(start)
            time.sleep(SECONDS_IN_A_LINE)
            return rest

        # Closing any descriptor of the file gives up the lock: `writer` comes last.
        with self._path.open("ab", buffering=0) as writer:
            file = SharedFile(self._path)
            file.append(write_start)
            file.close()
        if rest:
            self.rows.append(len(self.rows))


class SharingScheduler(Scheduler):
    """Runs the target next to that of another scheduler.

    Args:
        turns: Both taps wait here after each write, so that both targets append at once
            however long one of them takes to start.
        take_turn: What else is done after each write.
        more: As for other schedulers.
    """

    def __init__(
        self,
        *place: Any,
        turns: threading.Barrier,
        take_turn: Callable[[], None],
        **more: Any,
    ) -> None:
        super().__init__(*place, max_rejected=ROWS, **more)
        self._turns, self._take_turn = turns, take_turn

    def between_writes(self) -> None:
        with suppress(threading.BrokenBarrierError):
            self._turns.wait()
        self._take_turn()
        time.sleep(SECONDS_BETWEEN_WRITES)

    def run_killed_and_resumed(self, more_bytes: int) -> None:
        """Kill the target after its second state, and again after so many bytes."""
        self.run_until_states(2, signal.SIGKILL)
        self.run_until_rejected(more_bytes, signal.SIGKILL)
        self.run_to_the_end()


def play_round(folder: Path, random: Random, program: Sequence[str]) -> None:
    """Let runs share a rejected file, and look at it and at what it delivers.

    Raises:
        AssertionError: It is not what the target guarantees.
    """
    folder.mkdir()
    rejected = folder / "rejected.singer"
    third = ThirdRun(rejected, random)
    with Sandbox(latency_ms=8) as sandbox:
        _run_two(folder, sandbox, third, random, program)
        third.append()
        rows = {f"{name}-{number}": number for name in "ab" for number in range(ROWS)}
        rows |= {f"c-{number}": number for number in third.rows}
        not_rejected = {f"{name}-{ROWS - 1}" for name in "ab"}
        assert users_in(rejected) == rows.keys() - not_rejected
        done = run_here(config_for(sandbox, truncate_strings=True), rejected)
        assert done.exit_code == 0, done.stderr
    assert contents(sandbox) == rows
    rejected.unlink()  # some 40 MB, and many rounds


def _run_two(
    folder: Path,
    sandbox: Sandbox,
    third: ThirdRun,
    random: Random,
    program: Sequence[str],
) -> None:
    """Run two schedulers until both are done; one of them kills its target."""
    turns = threading.Barrier(2)

    def scheduler(name: str, take_turn: Callable[[], None]) -> SharingScheduler:
        (folder / name).mkdir()
        return SharingScheduler(
            folder / name,
            sandbox,
            RejectedTap(random, name),
            turns=turns,
            take_turn=take_turn,
            program=program,
            rejected_path=str(folder / "rejected.singer"),
        )

    undisturbed, killed = scheduler("a", third.take_turn), scheduler("b", lambda: None)
    more_bytes = random.randrange(500_000, 8_000_000)
    _at_once(
        [undisturbed.run_to_the_end, lambda: killed.run_killed_and_resumed(more_bytes)],
        turns.abort,
    )
    print(f"rows in state when killed: {killed.stopped_at}")  # noqa: T201 - pytest shows it


def _at_once(
    functions: Sequence[Callable[[], None]], when_one_ends: Callable[[], None]
) -> None:
    """Call functions in threads, and return once all have returned."""
    with ThreadPoolExecutor() as pool:
        running = [pool.submit(function) for function in functions]
        for future in running:
            future.add_done_callback(lambda _: when_one_ends())
    for future in running:
        future.result()


def users_in(rejected: Path) -> set[str]:
    """Return the users in the file, each of whose lines has to be whole.

    A row has to come after the SCHEMA of its own run, with no other in between.
    """
    users: set[str] = set()
    properties: Any = {}
    with rejected.open(encoding="utf-8") as lines:
        for line in lines:
            message = _decode(line)
            if message["type"] == "SCHEMA":
                properties = message["schema"]["properties"]
                continue
            user = message["record"]["user_id"]
            assert properties, f"{user} comes before any SCHEMA"
            assert f"only_{user[0]}" in properties, (
                f"{user} comes after the SCHEMA of another run"
            )
            users.add(user)
    return users


def _decode(line: str) -> dict[str, Any]:
    try:
        return dict(json.loads(line))
    except ValueError as error:
        msg = f"a line is torn: {line[:60]}…{line[-60:]}"
        raise AssertionError(msg) from error
