"""Singer messages off a pipe: each line decoded once, and no deeper than needed."""

from __future__ import annotations

import json
import os
import sys
from types import MappingProxyType
from typing import IO, TYPE_CHECKING, Any

import msgspec

from target_contentsquare.delivery.sending.wakeup import Wakeup, descriptor_of
from target_contentsquare.errors import InputError
from target_contentsquare.singer.input.json_lines import (
    DECODE_ERRORS,
    decode_leniently,
    decode_with_stand_ins,
)
from target_contentsquare.singer.input.levels import without_deep_values

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from target_contentsquare.singer.signals import StopSignal

#: No line of the input begins like this.
_NO_HEAD = b"\n"
_CUT_OFF = (
    "not a JSON object, and the input ends here without a newline: if the program that "
    "wrote it was stopped, its log says why"
)
# As much as a pipe holds. Pieces of 256 kB take 7 % more CPU time: the lines of one do
# not fit into the processor's cache.
_CHUNK_BYTES = 65_536
# Taps write row by row. After so little, a pause lets more come together.
_FEW_BYTES = 16_384
_PAUSE_SECONDS = 0.002


class Message(msgspec.Struct, frozen=True, gc=False):
    """A line of the input that is no row of a known stream.

    Attributes:
        type: Such as SCHEMA, or anything that the tap wrote there.
        stream: Empty where there is none.
        value: A STATE's value, still JSON; empty where there is none.
        line: The line itself.
        number: Of the line, from 1; empty lines are not counted.
    """

    type: str
    stream: str
    value: bytes
    line: bytes
    number: int

    def decode(self) -> dict[str, Any]:
        """Return the whole message.

        Raises:
            InputError: It is not a JSON object.
        """
        return _decode_object(self.line, self.number)

    def error(self, what: str) -> InputError:
        """Return an error that names the line."""
        return _error(self.number, what)


class _Envelope(msgspec.Struct, gc=False):
    """What is read of a line at first."""

    type: str
    stream: str = ""
    value: msgspec.Raw = msgspec.Raw()


class LineReader:
    """Reads messages until the input ends or the run has to stop.

    Args:
        wakeup: Watches the input, so that `on_wake` is called while a tap is silent.
        stop: Says when no further line is to be read.
        on_wake: Called between two pieces of input, and at least every `tick` seconds.
        tick: Seconds.

    Attributes:
        lines: Read so far, as whole pieces of input; empty ones are not counted.
        waits: There has been no input for a `tick`.
    """

    def __init__(
        self,
        wakeup: Wakeup,
        stop: StopSignal,
        on_wake: Callable[[], None],
        tick: float = 1.0,
    ) -> None:
        self._wakeup = wakeup
        self._stop = stop
        self._on_wake = on_wake
        self._tick = tick
        self.lines = 0
        self.waits = False
        self._is_cut_off = False

    def messages(
        self,
        stream: IO[Any] | None,
        takers: Mapping[str, Callable[[bytes], None]],
        piece_takers: Mapping[str, Callable[[bytes], int]] = MappingProxyType({}),
    ) -> Iterator[Message]:
        """Yield every message but the rows of known streams, which go to their takers.

        Args:
            stream: Standard input if None.
            takers: By stream, what its RECORD lines are handed to, undecoded. May
                change while it is read, as may `piece_takers`.
            piece_takers: By stream, what is offered pieces of the input, after a row of
                the stream: whole lines, with newlines between them. It returns how many
                there are if it took them all, or else 0.

        Raises:
            InputError: A line is not a Singer message; the error says which.
        """
        before, self._is_cut_off = self.lines, False
        try:
            yield from self._messages(stream, takers, piece_takers)
        except InputError:
            if self._is_cut_off:
                raise _error(self.lines - before, _CUT_OFF) from None
            raise

    def _messages(
        self,
        stream: IO[Any] | None,
        takers: Mapping[str, Callable[[bytes], None]],
        piece_takers: Mapping[str, Callable[[bytes], int]],
    ) -> Iterator[Message]:
        # Taps write the lines of a stream's rows alike: one that begins like the last
        # need not be decoded to know whose it is. This saves a fifth of the CPU time.
        head: bytes = _NO_HEAD
        take: Callable[[bytes], None] = _take_nothing
        take_piece: Callable[[bytes], int] = _take_no_piece
        stop, number = self._stop, 0
        for piece in self._pieces(stream or _standard_input()):
            if stop.number is not None:
                return
            if taken := take_piece(piece):
                self.lines += taken
                number += taken
                continue
            lines = piece.split(b"\n")
            self.lines += len(lines)
            for line in lines:
                if stop.number is not None:
                    return
                number += 1
                if line.startswith(head):
                    take(line)
                    continue
                envelope = _open(line, number)
                if envelope is None:  # an empty line, which a piece does not count
                    number -= 1
                    self.lines -= 1
                    continue
                if envelope.type == "RECORD" and envelope.stream in takers:
                    head, take = _head_of(line, envelope), takers[envelope.stream]
                    take_piece = piece_takers.get(envelope.stream, _take_no_piece)
                    take(line)
                else:
                    # A SCHEMA may change what takes a stream's rows.
                    head, take_piece = _NO_HEAD, _take_no_piece
                    value = bytes(envelope.value)
                    yield Message(envelope.type, envelope.stream, value, line, number)

    def _pieces(self, stream: IO[Any]) -> Iterator[bytes]:
        """Yield whole lines of the input, as many at a time as there are."""
        descriptor = descriptor_of(stream)
        if descriptor is not None:
            yield from self._whole_lines(self._chunks(descriptor))
            return
        for text in stream:
            self._on_wake()
            line = text.encode() if isinstance(text, str) else text
            yield line.removesuffix(b"\n")

    def _chunks(self, descriptor: int) -> Iterator[bytes]:
        while self._stop.number is None:
            has_input = self._wakeup.sleep(self._tick, descriptor)
            self.waits = not has_input
            self._on_wake()
            if has_input:
                chunk = os.read(descriptor, _CHUNK_BYTES)
                if not chunk:
                    return
                yield chunk
                if len(chunk) < _FEW_BYTES:
                    self._wakeup.sleep(_PAUSE_SECONDS)

    def _whole_lines(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        """Cut at the last newline; a line of many chunks is put together once."""
        begun: list[bytes] = []
        for chunk in chunks:
            end = chunk.rfind(b"\n")
            if end >= 0:
                yield b"".join([*begun, memoryview(chunk)[:end]])
                begun = []
            begun.append(chunk[end + 1 :])
        if last := b"".join(begun):  # a line that nothing ends
            begins, ends = last.startswith(b"{"), last.rstrip().endswith(b"}")
            self._is_cut_off = begins and not ends
            yield last


def _standard_input() -> IO[bytes]:
    """Return standard input as bytes: JSON is UTF-8 whatever the locale says."""
    if sys.stdin is None:
        raise InputError("standard input is closed: pipe a tap in, or use --input")
    return sys.stdin.buffer


_decode_envelope = msgspec.json.Decoder(_Envelope).decode


def _open(line: bytes, number: int) -> _Envelope | None:
    """Return what kind of message a line is; None for an empty one."""
    try:
        return _decode_envelope(line)
    except RecursionError:
        return _open_deep(line, number)
    except DECODE_ERRORS:
        return _open_leniently(line, number) if line.strip() else None


def _open_deep(line: bytes, number: int) -> _Envelope:
    """Only a row may be deep: what its record holds there need not be read."""
    envelope = _open_leniently(without_deep_values(line), number)
    if envelope.type != "RECORD":
        raise _error(number, f"a {envelope.type:.40} is nested too deep: check the tap")
    return envelope


def _open_leniently(line: bytes, number: int) -> _Envelope:
    message = _decode_object(line, number)
    message_type, stream = message.get("type"), message.get("stream", "")
    if not isinstance(message_type, str) or not isinstance(stream, str):
        what = "not a Singer message, 'type' or 'stream' is not a text"
        raise _error(number, what)
    return _Envelope(message_type, stream, msgspec.Raw(_value_of(message, number)))


def _value_of(message: Mapping[str, Any], number: int) -> bytes:
    if "value" not in message:
        return b""
    try:
        return json.dumps(message["value"], allow_nan=False).encode()
    except ValueError:
        raise _error(number, "a STATE has a number that is not JSON") from None


def _decode_object(line: bytes, number: int) -> dict[str, Any]:
    message = decode_leniently(line)
    if isinstance(message, dict):
        return message
    if message is None and decode_with_stand_ins(line) is not None:
        raise _error(number, "not UTF-8, or nested too deep: check the tap")
    raise _error(number, "not a JSON object: check the tap")


def _error(number: int, what: str) -> InputError:
    return InputError(f"line {number} of the input: {what}")


def _head_of(line: bytes, envelope: _Envelope) -> bytes:
    """Return the line up to its record, if that says whose record it is."""
    head, found, _ = line.partition(b'"record":')
    try:
        alone = _decode_envelope(head + found + b"0}")
    except DECODE_ERRORS:
        return _NO_HEAD
    # A head without a stream reads like one whose stream has no name.
    is_told = alone.type == envelope.type and alone.stream == envelope.stream != ""
    return head + found if is_told and found else _NO_HEAD


def _take_nothing(line: bytes) -> None:
    """Take no line: none begins like `_NO_HEAD`."""


def _take_no_piece(piece: bytes) -> int:
    _ = piece
    return 0
