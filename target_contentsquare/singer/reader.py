"""Singer messages off a pipe: each line decoded once, and no deeper than needed."""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from typing import IO, TYPE_CHECKING, Any

import msgspec
from singer_sdk.singerlib.encoding.base import GenericSingerReader

from target_contentsquare.delivery.wakeup import Wakeup, descriptor_of
from target_contentsquare.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: What msgspec raises for JSON that is not as it should be.
DECODE_ERRORS = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)

#: No line of the input begins like this.
_NO_HEAD = b"\n"
_CHUNK_BYTES = 262_144
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
# Longer integers are beyond every field's range, and Python refuses to read them.
_MAX_INTEGER_DIGITS = 4300


class SingerLine(msgspec.Struct, gc=False):
    """What is read of a Singer message at first.

    `value` is a STATE's, still JSON; empty where there is none.
    """

    type: str
    stream: str = ""
    value: msgspec.Raw = msgspec.Raw()


def decode_leniently(text: bytes) -> Any:
    """Decode JSON as Python's own reader does, which takes `NaN` and the like.

    Returns:
        None if it is not JSON.
    """
    try:
        return json.loads(text.removeprefix(_BYTE_ORDER_MARK), parse_int=_parse_int)
    except (ValueError, RecursionError):
        return None


def is_json(text: bytes) -> bool:
    """Say whether a text is one JSON value, and nothing else."""
    try:
        msgspec.json.decode(text, type=msgspec.Raw)
    except DECODE_ERRORS:
        return decode_leniently(text) is not None
    return True


def _parse_int(digits: str) -> int | float:
    return int(digits) if len(digits) <= _MAX_INTEGER_DIGITS else float(digits)


class LineReader(GenericSingerReader[bytes]):
    """Reads lines until the input ends or `stop` is called.

    Attributes:
        takers: By stream, what its RECORD lines are handed to, undecoded.
        line_number: Of the last line that did not go to one of them, from 1.

    Args:
        wakeup: Watches the input, so that `on_wake` is called while a tap is silent.
        on_wake: Called between two pieces of input, and at least every `tick` seconds.
        tick: Seconds.
    """

    def __init__(
        self, wakeup: Wakeup, on_wake: Callable[[], None], tick: float = 1.0
    ) -> None:
        super().__init__()
        self._wakeup = wakeup
        self._on_wake = on_wake
        self._tick = tick
        self._stopped = False
        self._decoder = msgspec.json.Decoder(SingerLine)
        self.line_number = 0
        self.takers: dict[str, Callable[[bytes], None]] = {}

    @property
    def stopped(self) -> bool:
        """True once `stop` was called."""
        return self._stopped

    def stop(self) -> None:
        """Read no further line; for signal handlers too."""
        self._stopped = True
        self._wakeup.notify()

    @property
    def default_input(self) -> IO[bytes]:
        """Standard input, as bytes: JSON is UTF-8 whatever the locale says.

        Raises:
            InputError: There is none.
        """
        if sys.stdin is None:
            raise InputError("standard input is closed: pipe a tap in, or use --input")
        return sys.stdin.buffer

    def process_lines(
        self,
        file_input: IO[Any] | None,
        callbacks: dict[str, Callable[..., None]],
    ) -> Counter[str]:
        """Hand every message to the callback of its type.

        RECORD lines go to `takers`; the RECORD callback only gets the name of a stream
        that has none. The STATE callback gets the undecoded value, all others the
        message as a dict.

        Raises:
            InputError: A line is not a Singer message; the message says which.
        """
        counts: Counter[str] = Counter()
        # Taps write the lines of a stream's rows alike: one that begins like the last
        # need not be decoded to know whose it is.
        head = _NO_HEAD
        take: Callable[[bytes], None] = _take_nothing
        alike = number = 0
        for lines in self._pieces(file_input or self.default_input):
            for line in lines:
                if self._stopped:
                    break
                number += 1
                if line.startswith(head):
                    alike += 1
                    take(line)
                    continue
                self.line_number = number
                message = self._decode(line)
                if message is None:
                    continue
                counts[message.type] += 1
                head = _NO_HEAD  # a SCHEMA may change what takes a stream's rows
                if message.stream in self.takers and message.type == "RECORD":
                    head, take = _head_of(line, message), self.takers[message.stream]
                    take(line)
                else:
                    self._dispatch(message, line, callbacks)
        counts["RECORD"] += alike
        return counts

    def _decode(self, line: bytes) -> SingerLine | None:
        """What kind of message it is; None for an empty line."""
        try:
            return self._decoder.decode(line)
        except DECODE_ERRORS:
            return self._decode_slowly(line) if line.strip() else None

    def _dispatch(
        self,
        message: SingerLine,
        line: bytes,
        callbacks: dict[str, Callable[..., None]],
    ) -> None:
        callback = callbacks.get(message.type)
        if callback is None:
            raise self.error(f"unknown message type '{message.type:.40}'")
        if message.type == "RECORD":
            callback(message.stream)
        elif message.type == "STATE":
            callback(bytes(message.value))
        else:
            callback(self.deserialize_json(line))

    def deserialize_json(self, line: bytes) -> dict[str, Any]:
        """Decode a line as a whole.

        Raises:
            InputError: It is not a JSON object.
        """
        message = decode_leniently(line)
        if isinstance(message, dict):
            return message
        raise self.error("not a JSON object: check the tap")

    def error(self, what: str) -> InputError:
        """Make an error that names the current line."""
        return InputError(f"line {self.line_number} of the input: {what}")

    def _decode_slowly(self, line: bytes) -> SingerLine:
        message = self.deserialize_json(line)
        kind, stream = message.get("type"), message.get("stream", "")
        if not isinstance(kind, str) or not isinstance(stream, str):
            raise self.error("not a Singer message, 'type' or 'stream' is not a text")
        return SingerLine(kind, stream, msgspec.Raw(self._value_of(message)))

    def _value_of(self, message: dict[str, Any]) -> bytes:
        if "value" not in message:
            return b""
        try:
            return json.dumps(message["value"], allow_nan=False).encode()
        except ValueError:
            raise self.error("a STATE has a number that is not JSON") from None

    def _pieces(self, stream: IO[Any]) -> Iterator[list[bytes]]:
        """The input's lines, as many at a time as there are."""
        descriptor = descriptor_of(stream)
        if descriptor is not None:
            yield from _split_lines(self._chunks(descriptor))
            return
        for text in stream:
            self._on_wake()
            line = text.encode() if isinstance(text, str) else text
            yield [line.removesuffix(b"\n")]

    def _chunks(self, descriptor: int) -> Iterator[bytes]:
        while not self._stopped:
            has_input = self._wakeup.sleep(self._tick, descriptor)
            self._on_wake()
            if has_input:
                chunk = os.read(descriptor, _CHUNK_BYTES)
                if not chunk:
                    return
                yield chunk


def _head_of(line: bytes, message: SingerLine) -> bytes:
    """The line up to its record, if that says whose record it is."""
    head, found, _ = line.partition(b'"record":')
    try:
        alone = msgspec.json.decode(head + found + b"0}", type=SingerLine)
    except DECODE_ERRORS:
        return _NO_HEAD
    # A head without a stream reads like one whose stream has no name.
    is_told = alone.type == message.type and alone.stream == message.stream != ""
    return head + found if is_told and found else _NO_HEAD


def _split_lines(chunks: Iterator[bytes]) -> Iterator[list[bytes]]:
    """Cut at newlines only; a line that spans many chunks is put together once."""
    pieces: list[bytes] = []
    for chunk in chunks:
        lines = chunk.split(b"\n")
        pieces.append(lines[0])
        if len(lines) > 1:
            lines[0] = b"".join(pieces)
            pieces = [lines.pop()]
            yield lines
    yield [b"".join(pieces)]


def _take_nothing(line: bytes) -> None:
    """No line begins like `_NO_HEAD`, so this is never called."""
