"""Singer messages off a pipe: each line decoded once, and no deeper than needed."""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from typing import IO, TYPE_CHECKING, Any

import msgspec
from singer_sdk.singerlib.encoding.base import GenericSingerReader, SingerMessageType

from target_contentsquare.errors import InputError
from target_contentsquare.wakeup import Wakeup, descriptor_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_CHUNK_BYTES = 262_144
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
# Longer integers are beyond every field's range; reading them exactly is slow.
_MAX_INTEGER_DIGITS = 400


class SingerLine(msgspec.Struct, gc=False):
    """A Singer message whose parts are still JSON, for whom they concern to decode.

    `record` and `value` are Python objects where only Python's own reader could make
    sense of the line (`NaN`, half a surrogate pair, numbers beyond a double).
    """

    type: str
    stream: str = ""
    record: Any = None
    value: Any = None


class _UndecodedLine(SingerLine, gc=False):
    """What is read of a line at first; `Raw()` stands for what is missing."""

    record: msgspec.Raw = msgspec.Raw()
    value: msgspec.Raw = msgspec.Raw()


def decode_leniently(text: bytes) -> Any:
    """Decode JSON as Python's reader does, numbers without end included.

    Raises:
        ValueError: It is not JSON.
    """
    return json.loads(text, parse_int=_parse_int)


def _parse_int(digits: str) -> int | float:
    return int(digits) if len(digits) < _MAX_INTEGER_DIGITS else float(digits)


class LineReader(GenericSingerReader[bytes]):
    """Reads lines until the input ends or `stop` is called.

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
        self.line_number = 0

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
        """Standard input, as bytes: JSON is UTF-8 whatever the locale says."""
        return sys.stdin.buffer

    def process_lines(
        self,
        file_input: IO[Any] | None,
        callbacks: dict[str, Callable[..., None]],
    ) -> Counter[str]:
        """Hand every message to the callback of its type.

        The RECORD callback gets a `SingerLine` and the line itself, the STATE callback
        a `SingerLine`, all others the message as a dict.

        Raises:
            InputError: A line is not a Singer message; the message says which.
        """
        on_record = callbacks[SingerMessageType.RECORD]
        decode = msgspec.json.Decoder(_UndecodedLine).decode
        records = 0
        others: Counter[str] = Counter()
        for line in self._lines(file_input or self.default_input):
            if self._stopped:
                break
            self.line_number += 1
            try:
                message: Any = decode(line)
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
                if not line.strip():
                    continue
                message = self._decode_slowly(line)
            if message.type == "RECORD":
                records += 1
                on_record(message, line)
            else:
                self._dispatch(message, line, callbacks)
                others[message.type] += 1
        others["RECORD"] = records
        return others

    def _dispatch(
        self, message: Any, line: bytes, callbacks: dict[str, Callable[..., None]]
    ) -> None:
        callback = callbacks.get(message.type)
        if callback is None:
            msg = f"line {self.line_number}: unknown message type '{message.type:.40}'"
            raise InputError(msg)
        if message.type == "STATE":
            callback(message)
        else:
            callback(self.deserialize_json(line))

    def deserialize_json(self, line: bytes) -> dict[str, Any]:
        """Decode a line as a whole.

        Raises:
            InputError: It is not a JSON object.
        """
        try:
            message = decode_leniently(line)
        except (ValueError, RecursionError):
            message = None
        if isinstance(message, dict):
            return message
        msg = (
            f"line {self.line_number} of the input is not a JSON object: check the tap"
        )
        raise InputError(msg)

    def _decode_slowly(self, line: bytes) -> SingerLine:
        message = self.deserialize_json(line.removeprefix(_BYTE_ORDER_MARK))
        kind, stream = message.get("type"), message.get("stream", "")
        if not isinstance(kind, str) or not isinstance(stream, str):
            msg = (
                f"line {self.line_number} of the input is not a Singer message: its "
                "'type' or 'stream' is missing or not a text"
            )
            raise InputError(msg)
        return SingerLine(kind, stream, message.get("record"), message.get("value"))

    def _lines(self, stream: IO[Any]) -> Iterator[bytes]:
        descriptor = descriptor_of(stream)
        if descriptor is None:
            for text in stream:
                self._on_wake()
                yield text.encode() if isinstance(text, str) else text
            return
        yield from _split_lines(self._chunks(descriptor))

    def _chunks(self, descriptor: int) -> Iterator[bytes]:
        while not self._stopped:
            if self._wakeup.sleep(self._tick, descriptor):
                chunk = os.read(descriptor, _CHUNK_BYTES)
                if not chunk:
                    return
                yield chunk
            self._on_wake()


def _split_lines(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Cut at newlines only; a line that spans many chunks is put together once."""
    pieces: list[bytes] = []
    for chunk in chunks:
        first, *lines = chunk.split(b"\n")
        pieces.append(first)
        if lines:
            yield b"".join(pieces)
            pieces = [lines.pop()]
            yield from lines
    rest = b"".join(pieces)
    if rest:
        yield rest
