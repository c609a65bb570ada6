"""A shared file that one run takes for itself, under another name."""

from __future__ import annotations

import errno
import fcntl
from typing import TYPE_CHECKING, NamedTuple

from target_contentsquare.singer.results.shared_file import (
    end_last_line,
    leads_to,
    locked,
    open_privately,
)

if TYPE_CHECKING:
    from io import FileIO
    from pathlib import Path

# The byte whose lock means "taken"; those who append lock byte 0.
_TAKEN = 1


class TakenError(Exception):
    """Another run has taken the file, and is not done with it."""


class TakenFile(NamedTuple):
    """A file that is this run's alone until it is closed, at its start."""

    path: Path
    file: FileIO


def take_file(path: Path, aside: Path) -> TakenFile | None:
    """Rename a shared file, and return it; None if there is none.

    What a run that was killed left under the new name is returned first. The file stays
    locked until it is closed or the run dies. It may not be opened a second time in
    this process: closing one of two descriptors gives up the lock.

    Raises:
        TakenError: Another run has it.
        OSError: It can't be renamed, or is not of our making.
    """
    while True:
        is_left = aside.exists()
        try:
            file = open(  # noqa: SIM115 - stays open
                aside if is_left else path, "rb+", buffering=0, opener=open_privately
            )
        except FileNotFoundError:
            if is_left:
                continue
            return None
        try:
            if _is_taken(file, path, aside, is_left=is_left):
                file.seek(0)
                return TakenFile(aside, file)
        except BaseException:
            file.close()
            raise
        file.close()


def _is_taken(file: FileIO, path: Path, aside: Path, *, is_left: bool) -> bool:
    """Take a file; return False if it was renamed or deleted before it was locked."""
    _take_lock(file)
    with locked(file):
        if not leads_to(aside if is_left else path, file):
            return False
        end_last_line(file)
        if not is_left:
            if aside.exists():
                return False
            path.rename(aside)
    return True


def _take_lock(file: FileIO) -> None:
    """Lock the file for the run; go without where the file system has no locks."""
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, _TAKEN)
    except OSError as error:
        if error.errno in {errno.EAGAIN, errno.EACCES}:
            raise TakenError from None
