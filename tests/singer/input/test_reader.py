"""Lines off a pipe or a file: all of them, whole, in order, decoded no deeper."""

import io
import json
import os
import signal
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from target_contentsquare.delivery.sending.wakeup import Wakeup
from target_contentsquare.errors import InputError
from target_contentsquare.singer.input.reader import LineReader, Message
from target_contentsquare.singer.signals import StopSignal
from tests.runs import Config, Runner
from tests.singer_input import call, calls, record, schema, state


class Log:
    """What a reader handed on."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, Any]] = []
        self.rows: defaultdict[str, list[bytes]] = defaultdict(list)
        self.takers: dict[str, Callable[[bytes], None]] = {}
        self.ticks = 0
        self.wakeup = Wakeup()
        self.stop = StopSignal(self.wakeup)
        self.reader = LineReader(self.wakeup, self.stop, self.tick, tick=0.05)

    def tick(self) -> None:
        self.ticks += 1

    def read(self, source: Any) -> dict[str, int]:
        """Read to the end, and return how many messages of each type came."""
        for message in self.reader.messages(source, self.takers):
            self.take(message)
        counts = Counter(message_type for message_type, _ in self.seen)
        counts["RECORD"] += sum(len(rows) for rows in self.rows.values())
        return {name: count for name, count in counts.items() if count}

    def take(self, message: Message) -> None:
        given: Any = message.decode()
        if message.type == "STATE":
            given = message.value
        elif message.type == "RECORD":
            given = message.stream
        self.seen.append((message.type, given))
        if message.type == "SCHEMA":
            self.takers[message.stream] = self.rows[message.stream].append


@pytest.fixture
def log() -> Log:
    return Log()


def text(lines: Iterable[str], end: str = "\n") -> bytes:
    return "".join(f"{line}{end}" for line in lines).encode()


def users(rows: Iterable[bytes]) -> list[str]:
    return [json.loads(row)["record"]["user_id"] for row in rows]


def test_each_message_is_handed_on_but_the_rows_of_known_streams(log: Log) -> None:
    lines = [schema(), *calls(2), state({"b": 1.50}), '{"type":"BATCH","stream":"x"}']
    counts = log.read(io.BytesIO(text(lines)))
    assert [message_type for message_type, _ in log.seen] == [
        "SCHEMA",
        "STATE",
        "BATCH",
    ]
    assert log.seen[0][1] == json.loads(schema())
    assert json.loads(log.seen[1][1]) == {"b": 1.5}
    assert users(log.rows["calls"]) == ["u-0", "u-1"]
    assert counts == {"SCHEMA": 1, "RECORD": 2, "STATE": 1, "BATCH": 1}


def test_rows_of_a_stream_without_a_taker_give_its_name_only(log: Log) -> None:
    log.read(io.BytesIO(text(calls(1))))
    assert log.seen == [("RECORD", "calls")]


def test_rows_are_handed_on_as_they_arrived(log: Log) -> None:
    odd = ' {"record" : {"user_id":"a" , "x":1.50},"stream":"calls", "type":"RECORD"} '
    log.read(io.BytesIO(text([schema(), record(call()), odd, record(call())])))
    assert log.rows["calls"][1] == odd.encode()


@pytest.mark.parametrize(
    "odd",
    [
        '{"type": "RECORD", "record": {"user_id": "b"}, "stream": "chats"}',
        '{"type": "RECORD", "stream": "chats", "record": {"user_id": "b"}}',
        '{"stream": "chats", "type": "RECORD", "record": {"user_id": "b"}}',
        (
            '{"type": "RECORD", "time": {"record":1}, "stream": "chats", '
            '"record": {"user_id": "b"}}'
        ),
        '{"record": {"user_id": "b"}, "type": "RECORD", "stream": "chats"}',
    ],
)
def test_rows_find_their_stream_however_their_lines_begin(log: Log, odd: str) -> None:
    lines = [schema(), schema("chats")]
    lines += [line for _ in range(3) for line in (*calls(2), odd, odd)]
    log.read(io.BytesIO(text(lines)))
    assert users(log.rows["chats"]) == ["b"] * 6
    assert users(log.rows["calls"]) == ["u-0", "u-1"] * 3


def test_a_head_without_a_stream_is_not_that_of_a_stream_without_a_name(
    log: Log,
) -> None:
    nameless = '{"type": "RECORD", "record": {"user_id": "a"}, "stream": ""}'
    called = nameless.replace('""', '"calls"')
    log.read(io.BytesIO(text([schema(), schema(""), nameless, called])))
    assert (len(log.rows[""]), len(log.rows["calls"])) == (1, 1)


def test_a_schema_changes_who_takes_the_rows(log: Log) -> None:
    taken: list[bytes] = []
    lines = [schema(), *calls(2), schema(), *calls(2)]
    first = log.take

    def take(message: Message) -> None:
        first(message)
        if len(log.seen) == 2:
            log.takers["calls"] = taken.append

    log.take = take  # type: ignore[method-assign]
    log.read(io.BytesIO(text(lines)))
    assert (len(log.rows["calls"]), len(taken)) == (2, 2)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\n\n", "\n  \n"])
def test_ends_of_lines_and_blank_lines(log: Log, end: str) -> None:
    counts = log.read(io.BytesIO(text([schema(), *calls(3), state(1)], end)))
    assert counts == {"SCHEMA": 1, "RECORD": 3, "STATE": 1}


def test_the_last_line_needs_no_end(log: Log, tmp_path: Path) -> None:
    path = tmp_path / "input"
    path.write_bytes(text([schema(), *calls(1), state(1)]).strip())
    with path.open("rb") as source:
        assert log.read(source)["STATE"] == 1


def test_a_byte_order_mark_is_no_text(log: Log) -> None:
    assert log.read(io.BytesIO(b"\xef\xbb\xbf" + text([schema()])))["SCHEMA"] == 1


def test_a_file_opened_as_text_is_read_as_utf_8(log: Log, tmp_path: Path) -> None:
    path = tmp_path / "input"
    path.write_bytes(text([schema(), record(call("é"))]))
    with path.open(encoding="ascii") as source:
        log.read(source)
    assert users(log.rows["calls"]) == ["é"]


def test_lines_that_span_many_pieces_of_a_pipe(log: Log) -> None:
    reading, writing = os.pipe()
    long = record(call("long", call_center_name="x" * 1_000_000))
    data = text([schema(), long, *calls(3), long])

    def write() -> None:
        with os.fdopen(writing, "wb", buffering=0) as pipe:
            for start in range(0, len(data), 70_001):
                pipe.write(data[start : start + 70_001])

    writer = threading.Thread(target=write)
    writer.start()
    with os.fdopen(reading, "rb") as source:
        log.read(source)
    writer.join()
    assert users(log.rows["calls"]) == ["long", "u-0", "u-1", "u-2", "long"]
    assert log.rows["calls"][0] == long.encode()


def test_it_ticks_while_the_tap_is_silent_and_can_be_stopped(log: Log) -> None:
    reading, writing = os.pipe()

    def tick_three_times() -> None:
        log.ticks += 1
        if log.ticks == 3:
            log.stop.handle(signal.SIGTERM)

    log.reader = LineReader(log.wakeup, log.stop, tick_three_times, tick=0.01)
    with os.fdopen(reading, "rb") as source, os.fdopen(writing, "wb"):
        assert log.read(source) == {}
    assert log.ticks == 3


def test_nothing_is_handed_on_after_stop(log: Log) -> None:
    first = log.take

    def take(message: Message) -> None:
        first(message)
        log.stop.handle(signal.SIGTERM)

    log.take = take  # type: ignore[method-assign]
    log.read(io.BytesIO(text([schema(), *calls(3), state(1)])))
    assert (len(log.seen), len(log.rows["calls"])) == (1, 0)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("not JSON", "line 2 of the input: not a JSON object"),
        ("[]", "line 2 of the input: not a JSON object"),
        ('{"type": 7}', "line 2 of the input: not a Singer message"),
        ('{"type": "STATE", "value": {"a": 1}', "line 2 of the input: not a JSON"),
    ],
)
def test_a_line_that_is_none_is_named(log: Log, line: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        log.read(io.BytesIO(text([schema(), line])))


def read_from_a_pipe(log: Log, written: bytes) -> None:
    reading, writing = os.pipe()
    os.write(writing, written)
    os.close(writing)
    with os.fdopen(reading, "rb") as source:
        log.read(source)


def test_a_line_in_whose_middle_the_input_ends_is_told_from_a_broken_one(
    log: Log,
) -> None:
    line = text([state({"at": "2026-11-30"})]).strip()
    for cut in range(1, len(line) - 2):
        with pytest.raises(InputError, match=r"^line 2 of .* ends here without"):
            read_from_a_pipe(log, text([schema()]) + line[:cut])
    for broken in (line[:-1], line[:-2] + b"\n", b"Killed"):
        with pytest.raises(InputError, match=r"object: check the tap$"):
            read_from_a_pipe(log, text([schema()]) + broken)
    read_from_a_pipe(log, text([schema()]) + line)


@pytest.mark.parametrize("name", ["HELLO", "x" * 10_000])
def test_an_unknown_type_is_named_but_not_at_length(
    config: Config, run: Runner, name: str
) -> None:
    done = run(config, [schema(), json.dumps({"type": name})])
    assert done.exit_code == 1
    (error,) = done.errors
    assert error.startswith("line 2 of the input: unknown message type '")
    assert name[:40] in error
    assert len(error) < 120


class TapWhileAsleep(Wakeup):
    """Lets a tap write while the reader pauses, and only then."""

    def __init__(self, writing: int, rows: list[bytes]) -> None:
        super().__init__()
        self._writing = writing
        self._rows = iter(rows)

    def sleep(self, timeout: float | None, descriptor: int | None = None) -> bool:
        if descriptor is not None:
            return super().sleep(timeout, descriptor)
        for _, row in zip(range(10), self._rows, strict=False):
            os.write(self._writing, row)
        return False


def test_rows_that_a_tap_writes_one_by_one_come_together(log: Log) -> None:
    reading, writing = os.pipe()
    rows = [text([row]) for row in calls(100)]
    os.write(writing, text([schema()]))

    def tick() -> None:
        log.ticks += 1
        if len(log.rows["calls"]) == 100:
            log.stop.handle(signal.SIGTERM)

    wakeup = TapWhileAsleep(writing, rows)
    log.reader = LineReader(wakeup, log.stop, tick, tick=0.05)
    with os.fdopen(reading, "rb") as source, os.fdopen(writing, "wb"):
        log.read(source)
    assert log.ticks == 12  # the SCHEMA, ten times ten rows, and the end
