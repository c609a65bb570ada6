"""The rejected file: undeliverable rows, as Singer messages to feed in again."""

from __future__ import annotations

import contextlib
import errno
import json
import os
from typing import TYPE_CHECKING, Any, BinaryIO

import msgspec

from target_contentsquare.errors import OutputError
from target_contentsquare.singer.json_lines import decode_leniently
from target_contentsquare.singer.tap_stream import TapStream

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from pathlib import Path

    from target_contentsquare.delivery.origin import Origin
    from target_contentsquare.delivery.rejects import Rejection

_MODE = 0o600  # rows hold personal data
_TAIL_BYTES = 65_536


class RejectedFile:
    """Appends rejected rows to a file, each after the SCHEMA that it came under.

    Nothing is made before the first row. What an earlier run left is kept, but for a
    last line that it did not get to finish.

    Args:
        now: The current time, with its zone.
    """

    def __init__(self, path: Path, now: Callable[[], datetime]) -> None:
        self._path = path
        self._now = now
        self._file: BinaryIO | None = None
        self._schemas: dict[str, Mapping[str, Any]] = {}
        self._unsynced = False

    def check(self) -> None:
        """Find out before the run whether the file can be written.

        Raises:
            OutputError: It can't.
        """
        folder = self._path.parent
        exists = self._path.exists()
        is_file = self._path.is_file() if exists else folder.is_dir()
        if not is_file or not os.access(self._path if exists else folder, os.W_OK):
            raise OutputError(
                f"rejected_path: '{self._path}' can't be written: it must be a file in "
                "a folder that exists, and that may be written to"
            )

    def is_same_file(self, descriptor: int) -> bool:
        """Say whether an open file is the one that rows are appended to."""
        try:
            return os.path.samestat(os.fstat(descriptor), self._path.stat())
        except OSError:
            return False

    def write(self, origin: Origin, rejection: Rejection) -> None:
        """Append a row as it arrived.

        Args:
            origin: Its source is a `TapStream`, and the row its RECORD line.

        Raises:
            OutputError: The file can't be written.
        """
        note = {
            "reason": rejection.reason,
            "field": rejection.field,
            "detail": rejection.detail,
            "at": self._now().isoformat(timespec="seconds").replace("+00:00", "Z"),
            "faults": [
                {"reason": fault.reason, "field": fault.field, "detail": fault.detail}
                for fault in rejection.faults
            ],
        }
        with self._as_output_error():
            file = self._file or self._open()
            assert isinstance(origin.source, TapStream)  # noqa: S101 - our own streams
            schema = origin.source.schema
            if self._schemas.get(schema["stream"]) is not schema:
                file.write(_encode(schema) + b"\n")
                self._schemas[schema["stream"]] = schema
            file.write(with_note(origin.raw, note) + b"\n")
            self._unsynced = True

    def sync(self) -> None:
        """Make sure that what was written survives a crash.

        Raises:
            OutputError: The file can't be written.
        """
        if self._file is not None and self._unsynced:
            with self._as_output_error():
                self._file.flush()
                os.fsync(self._file.fileno())
            self._unsynced = False

    def close(self) -> None:
        """Write what is left, and close the file if there is one."""
        try:
            self.sync()
        finally:
            file, self._file = self._file, None
            if file is not None:
                with contextlib.suppress(OSError):  # `sync` has told
                    file.close()

    def _open(self) -> BinaryIO:
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND, _MODE)
        os.fchmod(descriptor, _MODE)
        self._file = os.fdopen(descriptor, "ab+")
        _end_last_line(self._file)
        return self._file

    @contextlib.contextmanager
    def _as_output_error(self) -> Any:
        try:
            yield
        except OSError as error:
            msg = f"rejected_path: can't write '{self._path}': {error.strerror}"
            raise OutputError(msg) from None


def _end_last_line(file: BinaryIO) -> None:
    """Drop what a killed run left of a line: no state covered its row.

    A whole message that only lacks its newline gets that.

    Raises:
        OSError: What is there is not of our making, so it is not touched.
    """
    start = _start_of_last_line(file)
    file.seek(start)
    rest = file.read()
    if not rest:
        return
    if isinstance(decode_leniently(rest), dict):
        file.write(b"\n")
    elif rest.startswith(b"{"):
        file.truncate(start)
    else:
        raise OSError(errno.EINVAL, "its last line is not a Singer message")


def _start_of_last_line(file: BinaryIO) -> int:
    position = file.seek(0, os.SEEK_END)
    while position > 0:
        start = max(0, position - _TAIL_BYTES)
        file.seek(start)
        newline = file.read(position - start).rfind(b"\n")
        if newline >= 0:
            return start + newline + 1
        position = start
    return 0


def with_note(line: bytes, note: Mapping[str, Any]) -> bytes:
    """Give a RECORD line with the key `rejected` added, or replaced."""
    try:
        message = msgspec.json.decode(line, type=dict[str, msgspec.Raw])
    except (msgspec.MsgspecError, UnicodeDecodeError):
        # What only Python's reader takes, such as NaN, only Python's writer gives back.
        return json.dumps({**decode_leniently(line), "rejected": note}).encode()
    message["rejected"] = msgspec.Raw(msgspec.json.encode(note))
    return msgspec.json.encode(message)


def _encode(message: Mapping[str, Any]) -> bytes:
    try:
        return msgspec.json.encode(message)
    except UnicodeEncodeError:  # half a surrogate pair: only Python writes it
        return json.dumps(message).encode()
