"""A file that lines are appended to, which others may append to, move or empty."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
from typing import TYPE_CHECKING

from target_contentsquare.singer.input.json_lines import decode_leniently

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from io import FileIO
    from pathlib import Path

_MODE = 0o600  # rows hold personal data
_TAIL_BYTES = 65_536
# What those who append lock: one byte, from byte 0. The next has another meaning, see
# `taken_file`.
_APPENDING = (1, 0)


class SharedFile:
    """Appends Singer messages to the file that a path leads to at that moment.

    While it appends it holds a lock, so that runs which share the file do not cut each
    other's lines. The lock is a record lock (`lockf`) and not `flock`: users are told
    to begin runs with the command `flock`, and may do so with this very file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: FileIO | None = None
        self._size = 0

    def append(self, text_for: Callable[[bool], bytes]) -> None:
        """Append a text, and return once it is on the disk and at the path.

        Args:
            text_for: Returns the text. It is told whether the file still ends with what
                was appended before: it does not if it is another file now, or if it was
                emptied, or if another run has appended to it.

        Raises:
            OSError: The text can't be written.
        """
        while True:
            file = self._open()
            with locked(file):
                if not leads_to(self._path, file):
                    continue  # a run that takes the file has renamed it meanwhile
                is_continued = os.fstat(file.fileno()).st_size == self._size > 0
                if not is_continued:
                    end_last_line(file)
                _write_all(file, text_for(is_continued))
                os.fsync(file.fileno())
                self._size = os.fstat(file.fileno()).st_size
                # Before the lock is given up: a run that takes the file after that
                # takes what was appended, which would be in two files if written again.
                if leads_to(self._path, file):
                    return

    def close(self) -> None:
        """Close the file if it is open; what was appended is on the disk already."""
        file, self._file = self._file, None
        self._size = 0
        if file is not None:
            with contextlib.suppress(OSError):
                file.close()

    def _open(self) -> FileIO:
        if self._file is not None and leads_to(self._path, self._file):
            return self._file
        self.close()
        is_new = not self._path.exists()
        self._file = open(self._path, "ab+", buffering=0, opener=open_privately)  # noqa: SIM115 - stays open
        if is_new:
            _sync_folder(self._path.parent)
        return self._file


def open_privately(path: str, flags: int) -> int:
    """Open a file that only its owner may read: an opener for `open`.

    Raises:
        OSError: It can't be opened, or is not a regular file.
    """
    descriptor = os.open(path, flags, _MODE)
    try:
        _make_private(descriptor)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _make_private(descriptor: int) -> None:
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        raise OSError(errno.EINVAL, "it is not a regular file")
    os.fchmod(descriptor, _MODE)


def _sync_folder(folder: Path) -> None:
    """Make sure that a new file's name survives a crash, where the system can do so."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def leads_to(path: Path, file: FileIO) -> bool:
    """Return whether the path is that of an open file."""
    try:
        return os.path.samestat(path.stat(), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False


@contextlib.contextmanager
def locked(file: FileIO) -> Iterator[None]:
    """Hold the lock of those who append; go without where the file system has none."""
    try:
        fcntl.lockf(file, fcntl.LOCK_EX, *_APPENDING)
    except OSError:
        yield
        return
    try:
        yield
    finally:
        fcntl.lockf(file, fcntl.LOCK_UN, *_APPENDING)


def _write_all(file: FileIO, text: bytes) -> None:
    left = memoryview(text)
    while left:
        left = left[file.write(left) :]


def end_last_line(file: FileIO) -> None:
    """Drop what a killed run left of a line: no state covered its row.

    A whole message that only lacks its newline gets that.

    Raises:
        OSError: What is there is not of our making, so it is not touched.
    """
    start = _start_of_last_line(file)
    file.seek(start)
    rest = file.readall()
    if not rest:
        return
    if isinstance(decode_leniently(rest), dict):
        _write_all(file, b"\n")
    elif rest.startswith(b"{"):
        file.truncate(start)
    else:
        raise OSError(errno.EINVAL, "its last line is not a Singer message")


def _start_of_last_line(file: FileIO) -> int:
    position = file.seek(0, os.SEEK_END)
    while position > 0:
        start = max(0, position - _TAIL_BYTES)
        file.seek(start)
        newline = file.read(position - start).rfind(b"\n")
        if newline >= 0:
            return start + newline + 1
        position = start
    return 0
