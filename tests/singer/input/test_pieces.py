"""Many lines are read at once: what becomes of their rows is the same as one by one."""

import contextlib
import json
import os
import random
import signal
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from target_contentsquare.delivery.batches import Batch, OpenBatches
from target_contentsquare.delivery.sending.wakeup import Wakeup
from target_contentsquare.errors import InputError
from target_contentsquare.sandbox import Sandbox
from target_contentsquare.singer.input import reader
from target_contentsquare.singer.input.piece import Piece
from target_contentsquare.singer.input.reader import LineReader
from target_contentsquare.singer.signals import StopSignal
from target_contentsquare.singer.streams.sink import LineSink
from tests.conftest import config_for
from tests.runs import Config, Runner, run_here
from tests.singer_input import CALLS, call, calls, record, schema, state

PROPERTIES = {
    **CALLS,
    "project": {"type": "integer"},
    "_sdc_deleted_at": {"type": ["string", "null"]},
}
# Each is what one row of many has in place of what the others have.
ODD: list[dict[str, Any]] = [
    {"user_id": ""},
    {"user_id": " a "},
    {"user_id": 7},
    {"session_number": "3"},
    {"session_number": None},
    {"call_duration": "60"},
    {"call_duration": "long"},
    {"call_duration": None},
    {"call_center_name": "x" * 51},
    {"call_center_name": "\\ \u0031 é"},
    {"call_center_name": None},
    {"call_date": "2026-11-20T10:00:59.9999999Z"},
    {"call_date": "2026-11-20"},
    {"session_started_at": "2020-01-01T00:00:00Z"},
    {"_sdc_deleted_at": "2026-11-20T10:00:00Z"},
    {"project": 163},
    {"project": "163"},
]


class Rows:
    """Makes rows; `odd` of them, as a share, are not as the others."""

    def __init__(self, seed: int, odd: float) -> None:
        self._random = random.Random(seed)  # noqa: S311 - no secret
        self._odd = odd

    def lines(self, count: int) -> Iterator[str]:
        yield schema(properties=PROPERTIES, key_properties=["user_id"])
        for number in range(count):
            yield self._row(number)
            if self._random.random() < 0.02:
                yield self._random.choice(["", " ", state(number), self._schema()])
        yield state("end")

    def _row(self, number: int) -> str:
        # Some sessions come again, and replace what waits.
        user = f"user-{self._random.randrange(number // 2 + 1):07}"
        row = {**call(user, call_date="2026-11-20T10:00:00Z"), "project": 162}
        row["_sdc_deleted_at"] = None
        if self._random.random() < self._odd:
            row |= self._random.choice(ODD)
        return record(row)

    def _schema(self) -> str:
        keys = self._random.choice([["user_id"], [], ["user_id", "call_date"]])
        return schema(properties=PROPERTIES, key_properties=keys)


@contextlib.contextmanager
def read_in_pieces(size: int) -> Iterator[Counter[str]]:
    """Read so many bytes at once; yields how many rows were taken one by one or not."""
    counts: Counter[str] = Counter()
    take_piece = LineSink.take_piece

    def take(sink: LineSink, text: bytes) -> int:
        taken = take_piece(sink, text)
        counts["together"] += taken
        return taken

    with (
        mock.patch.object(reader, "_CHUNK_BYTES", size),
        mock.patch.object(LineSink, "take_piece", take),
    ):
        yield counts


@contextlib.contextmanager
def read_line_by_line() -> Iterator[None]:
    with mock.patch.object(LineSink, "take_piece", return_value=0):
        yield


def outcome(sandbox: Sandbox, config: Mapping[str, Any], folder: Path) -> Any:
    """What the sandbox got, what was rejected and why, counts and the last state."""
    sandbox.reset()
    for path in folder.glob("kept*"):
        path.unlink()
    files = {"rejected_path": str(folder / "kept.singer"), "max_rejected": 9**9}
    if "memory_path" in config:
        files["memory_path"] = str(folder / "kept.sqlite")
    settings = {**config, **files, "max_parallel_requests": 1}
    done = run_here(settings, folder / "input.singer")
    assert not done.errors, done.printed
    kept = folder / "kept.singer"
    written = kept.read_text().splitlines() if kept.exists() else []
    rejected = [json.loads(line) for line in written]
    for line in rejected:
        for key in ("at", "run"):
            line.get("rejected", {}).pop(key, None)
    counts = done.metric
    if is_timed(config):
        # What is unchanged or merged depends on what was delivered meanwhile.
        counts = {name: counts[name] for name in ("read", "dropped", "faults")}
        return sandbox.enrichments, rejected, counts, done.states[-1]
    del counts["seconds"]
    return repr(sandbox.history), rejected, counts, done.states[-1]


def is_timed(config: Mapping[str, Any]) -> bool:
    """Whether the order of requests depends on time: with a memory, and projects."""
    return "memory_path" in config or config["project_id"] is None


@pytest.mark.parametrize("size", [300, 4_000, 65_536])
@pytest.mark.parametrize("odd", [0.003, 0.1, 0.7])
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"streams": {"calls": {"project_id": "project"}}, "project_id": None},
        {"memory_path": "memory"},
        {"truncate_strings": True, "batch_size_rows": 7},
    ],
    ids=["plain", "projects", "memory", "small batches"],
)
def test_rows_become_the_same_in_pieces_and_one_by_one(
    sandbox: Sandbox, tmp_path: Path, size: int, odd: float, changes: dict[str, Any]
) -> None:
    seed = random.randrange(10**9)  # noqa: S311 - no secret
    lines = [*Rows(seed, odd).lines(1_500)]
    (tmp_path / "input.singer").write_text("".join(f"{line}\n" for line in lines))
    config = config_for(sandbox, **changes)
    with read_in_pieces(size) as counts:
        together = outcome(sandbox, config, tmp_path)
    with read_line_by_line():
        one_by_one = outcome(sandbox, config, tmp_path)
    assert together == one_by_one, f"seed {seed}"
    if odd < 0.01 and size == 4_000:
        assert counts["together"] > 500, f"seed {seed}"


class Taken:
    """A reader, and who takes pieces and lines of the stream `calls`."""

    def __init__(self, text: bytes, size: int = 65_536) -> None:
        self.lines: list[bytes] = []
        self.pieces: list[bytes] = []
        self.stop = StopSignal(Wakeup())
        self.reader = LineReader(Wakeup(), self.stop, lambda: None, tick=0.01)
        self._text = text
        self._size = size

    def read(self, take_piece: Callable[[bytes], int] | None = None) -> list[int]:
        """Return the numbers of the messages that are no rows."""
        pieces = {"calls": take_piece or self._take_piece}
        reading, writing = os.pipe()
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(self._text)
        with (
            os.fdopen(reading, "rb") as source,
            mock.patch.object(reader, "_CHUNK_BYTES", self._size),
        ):
            messages = self.reader.messages(
                source, {"calls": self.lines.append}, pieces
            )
            return [message.number for message in messages]

    def _take_piece(self, text: bytes) -> int:
        lines = [line for line in text.split(b"\n") if line.strip()]
        if not all(b"RECORD" in line for line in lines):
            return 0
        self.pieces.append(text)
        return len(lines)


def _text(lines: Sequence[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


def test_a_piece_is_whole_lines_and_offered_after_a_row_of_the_stream() -> None:
    rows = calls(100)
    taken = Taken(_text(rows), size=1_000)
    assert taken.read() == []
    lines = [*taken.lines, *b"\n".join(taken.pieces).split(b"\n")]
    assert [line.decode() for line in lines] == rows
    assert len(taken.pieces) > 10
    assert taken.reader.lines == 100


def test_a_piece_that_is_not_taken_is_read_line_by_line() -> None:
    rows = calls(100)
    taken = Taken(_text(rows), size=1_000)
    taken.read(lambda _: 0)
    assert [line.decode() for line in taken.lines] == rows


def test_no_piece_is_offered_until_a_row_tells_whose_it_is() -> None:
    taken = Taken(_text([state(1), *calls(2)] * 30), size=40)
    assert len(taken.read()) == 30
    # After each state, the first one is none.
    assert len(taken.lines) >= 30
    assert len(taken.lines) + len(taken.pieces) == 60


@pytest.mark.parametrize("blank", ["", " ", "\r"])
def test_lines_are_numbered_alike_in_pieces_and_one_by_one(blank: str) -> None:
    rows = [line for row in calls(50) for line in (row, blank)]
    text = _text([*rows, state(1)])
    for size in (200, 1_000, 65_536):
        assert Taken(text, size).read() == [51]
        assert Taken(text, size).read(lambda _: 0) == [51]


def test_no_piece_is_read_after_stop() -> None:
    taken = Taken(_text(calls(100)), size=1_000)

    def take_piece(text: bytes) -> int:
        taken.pieces.append(text)
        taken.stop.handle(signal.SIGTERM)
        return text.count(b"\n") + 1

    taken.read(take_piece)
    assert len(taken.pieces) == 1


def test_a_piece_gives_each_row_its_line() -> None:
    piece = Piece(b'{"a": 1}\n\n{"a": 2}\r\n{"a": 3}', "calls", first=7, count=3)
    lines = [piece.row(number) for number in (9, 7, 8)]
    assert lines == [b'{"a": 3}', b'{"a": 1}', b'{"a": 2}\r']


@pytest.mark.parametrize("text", [b"{}{}\n{}", b'{"a":\n1}\n{}\n{}', b"{}"])
def test_a_piece_whose_lines_are_not_its_rows_is_an_error(text: bytes) -> None:
    piece = Piece(text, "calls", first=7, count=3)
    with pytest.raises(InputError, match=r"^stream 'calls', rows 7 to 9: not one "):
        piece.row(8)


def test_two_messages_on_a_line_are_an_error_once_the_lines_are_needed(
    config: Config, run: Runner, tmp_path: Path
) -> None:
    config["rejected_path"] = str(tmp_path / "rejected.singer")
    lines = [schema(), *calls(2)]
    too_long = record(call("long", call_center_name="x" * 51))
    with read_in_pieces(len(_text(lines))):
        done = run(config, [*lines, "".join([*calls(2), too_long])])
    assert (done.exit_code, done.errors) == (
        1,
        [
            "stream 'calls', rows 3 to 5: not one message on each line: check the tap",
        ],
    )


def test_a_line_that_is_no_row_is_no_row_in_a_piece_either(
    config: Config, run: Runner
) -> None:
    typeless = json.dumps({"stream": "calls", "record": call("b")})
    lines = [schema(), *calls(2), typeless]
    with read_in_pieces(len(_text(lines[:-1]))):
        done = run(config, lines)
    assert done.errors == [
        "line 4 of the input: not a Singer message, 'type' or 'stream' is not a text"
    ]


@pytest.mark.parametrize("name", ["\ud800", "x" * 5_000, "'\"", "a\nb", "\0", "é"])
def test_streams_of_any_name_are_read_in_pieces(
    sandbox: Sandbox, config: Config, run: Runner, name: str
) -> None:
    lines = [schema(name), *(record(call(f"u-{n}"), name) for n in range(90))]
    with read_in_pieces(2_000):
        done = run(config, [*lines, state(1)])
    assert (done.exit_code, done.states) == (0, [1]), done.printed
    assert len(sandbox.enrichments) == 90


def test_a_refused_row_without_a_line_of_its_own_is_not_kept_as_a_fragment(
    sandbox: Sandbox, config: Config, run: Runner, tmp_path: Path
) -> None:
    path = tmp_path / "rejected.singer"
    config["rejected_path"] = str(path)
    sandbox.refuse_users(["refused"])
    head, tail = record(call("refused")).split(' "record"')
    # Two rows on a line and one on two: there are as many lines as rows.
    lines = [schema(), *calls(2), f"{record(call('b'))}{head}", f' "record"{tail}']
    with read_in_pieces(len(_text(lines[:3]))):
        done = run(config, lines)
    assert (done.exit_code, done.errors) == (
        1,
        ["stream 'calls', rows 3 to 4: not one message on each line: check the tap"],
    )
    assert not path.exists()


def _old(user: str) -> str:
    return record(call(user, session_started_at="2020-01-01T00:00:00Z"))


def _few_of_many(others: Callable[[int], str], **fields: object) -> Iterator[str]:
    """Yield rows of which one in 300 is not like the others."""
    yield schema(properties={**CALLS, "project": {"type": "integer"}})
    for number in range(60):
        yield record({**call(f"kept-{number}", **fields), "project": 163})
        yield from map(others, range(300))


_LARGE = "x" * 500_000
_WAITING: dict[str, tuple[Iterator[str], dict[str, Any]]] = {
    "merged": (_few_of_many(lambda n: record(call("same", call_duration=n))), {}),
    "dropped": (_few_of_many(lambda n: _old(f"u-{n}")), {}),
    "dropped, and large": (_few_of_many(lambda n: _old(f"u-{n}"), more=_LARGE), {}),
    "rejected": (
        _few_of_many(lambda n: record(call(f"u-{n}", call_center_name="x" * 51))),
        {},
    ),
    "of another project, and large": (
        _few_of_many(lambda n: record({**call(f"u-{n}"), "project": 162}), more=_LARGE),
        {"streams": {"calls": {"project_id": "project"}}, "project_id": None},
    ),
}


@pytest.mark.parametrize("rows", _WAITING)
def test_rows_that_wait_hold_no_more_memory_than_is_counted(
    config: Config, run: Runner, tmp_path: Path, rows: str
) -> None:
    lines, changes = _WAITING[rows]
    config |= {"rejected_path": str(tmp_path / "rejected.singer"), **changes}
    found: list[tuple[int, int]] = []
    take_all = OpenBatches.take_all

    def look(batches: OpenBatches) -> Iterator[Batch]:
        found.append(_held_and_counted(batches))
        return take_all(batches)

    with mock.patch.object(OpenBatches, "take_all", look):
        done = run({**config, "max_rejected": 9**9}, [*lines])
    assert done.exit_code == 0, done.printed
    held, counted = found[-1]
    # The rows after the last cut may share the piece that came last.
    assert held <= 2 * counted + 200_000


def _held_and_counted(batches: OpenBatches) -> tuple[int, int]:
    """Return the bytes that rows in open batches hold, and those that are counted."""
    raws = {id(row.raw): row.raw for batch in batches for row in batch.rows.values()}
    held = sum(
        len(raw._text) + sum(map(len, raw._lines))  # noqa: SLF001 - what it holds
        if isinstance(raw, Piece)
        else len(raw)
        for raw in raws.values()
    )
    return held, sum(batch.size for batch in batches)
