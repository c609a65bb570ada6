"""The file of the memory: opened by one run at a time, and begun anew if unusable."""

from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
from typing import TYPE_CHECKING

from target_contentsquare.delivery.clock import utc_now
from target_contentsquare.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from logging import Logger
    from pathlib import Path

#: "CSQm" in ASCII: what tells our files from those of other programs.
_APPLICATION_ID = 0x4353516D
#: Raised by one whenever the tables change.
_VERSION = 1
_MODE = 0o600  # it says who was on the site, if only by hashes
# Read straight from the system's file cache: half the time of SQLite's own cache.
_MAPPED_BYTES = 2**30
#: Made in a file that is empty.
TABLES = f"""
    PRAGMA application_id = {_APPLICATION_ID};
    PRAGMA user_version = {_VERSION};
    CREATE TABLE places (
        number INTEGER PRIMARY KEY,
        auth_url TEXT NOT NULL,
        project INTEGER NOT NULL,
        credentials TEXT NOT NULL,
        UNIQUE (auth_url, project, credentials)
    );
    CREATE TABLE entries (
        id INTEGER PRIMARY KEY,
        fingerprint BLOB,
        source_row BLOB NOT NULL,
        row_number INTEGER NOT NULL,
        version INTEGER NOT NULL,
        written_at INTEGER NOT NULL,
        run INTEGER NOT NULL
    );
"""


class _UnusableError(Exception):
    """The file is not a memory that this version can read; the message says why."""


def open_database(path: Path, now: datetime, log: Logger) -> sqlite3.Connection:
    """Return a connection that nobody else has as long as it is open.

    A file that can't be used is moved aside, with a warning, and another is begun.

    Args:
        now: Becomes part of the name of a file that is moved aside.

    Raises:
        OutputError: The file can't be written, or another run has it.
    """
    with as_output_error(path):
        try:
            return _open(path)
        except _UnusableError as error:
            aside = move_aside(path, now)
            log.warning(
                "memory_path: '%s' %s: it was moved to '%s' and begun anew, so rows "
                "that were delivered before are sent once more",
                path,
                error,
                aside,
            )
        return _open(path)


def open_to_look(path: Path) -> sqlite3.Connection:
    """Return a connection to a file that exists, which stays as it is.

    Raises:
        OutputError: It is no memory, or a run has it.
    """
    with as_output_error(path):
        if not path.stat().st_size:
            raise OutputError(f"memory_path: '{path}' is empty")
        connection = _connect(path)
        try:
            _check(connection)
        except _UnusableError as error:
            connection.close()
            raise OutputError(f"memory_path: '{path}' {error}") from None
        except BaseException:
            connection.close()
            raise
    return connection


def open_copy(path: Path) -> sqlite3.Connection:
    """Return a connection to a private copy, which is gone when it is closed.

    What a dry run learns is not kept. The copy is empty if there is no usable file.

    Raises:
        OutputError: The file can't be read, or a run has it.
    """
    copy = sqlite3.connect("", isolation_level=None)
    if path.exists():
        with as_output_error(path), contextlib.suppress(_UnusableError):
            with contextlib.closing(_connect(path)) as original:
                _check(original)
                original.backup(copy)
            return copy
    copy.executescript(TABLES)
    return copy


def move_aside(path: Path, now: datetime) -> Path:
    """Rename the file, and what SQLite keeps beside it; return the new path."""
    aside = path.with_name(f"{path.name}.unusable-{now:%Y%m%dT%H%M%S}")
    for suffix in ("-wal", "-shm", "-journal", ""):
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.rename(aside.with_name(aside.name + suffix))
    return aside


@contextlib.contextmanager
def as_output_error(path: Path) -> Iterator[None]:
    """Turn errors of SQLite and of the system into one line that names the setting."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise OutputError(f"memory_path: '{path}' {_describe(error, path)}") from None


def _describe(error: Exception, path: Path) -> str:
    """Return what is wrong with the file. One that is damaged is moved aside."""
    if type(error) is sqlite3.DatabaseError:
        aside = move_aside(path, utc_now())
        return f"is damaged: it was moved to '{aside}'; run again to begin it anew"
    if "locked" in str(error):
        return (
            "is in use by another run: wait until that has ended, or give this one a "
            "file of its own"
        )
    reason = getattr(error, "strerror", None) or error
    return f"can't be used: {reason}"


def _open(path: Path) -> sqlite3.Connection:
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, _MODE))
    if not path.is_file():
        raise OSError(errno.EINVAL, "it is no file")
    path.chmod(_MODE)
    connection = _connect(path)
    try:
        _check(connection)
        # Takes the lock, which this connection then keeps.
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("COMMIT")
    except BaseException:
        connection.close()
        raise
    return connection


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path, timeout=0, isolation_level=None, check_same_thread=False
    )
    # In this mode SQLite needs no memory shared with other processes, which network
    # file systems do not have.
    connection.execute("PRAGMA locking_mode = EXCLUSIVE")
    return connection


def _check(connection: sqlite3.Connection) -> None:
    """Find out whether the file is a memory; one that is empty becomes one.

    Raises:
        _UnusableError: It is something else.
    """
    try:
        _begin_if_empty(connection)
        found = (
            _number(connection, "application_id"),
            _number(connection, "user_version"),
        )
        if found[0] != _APPLICATION_ID:
            raise _UnusableError("is a file of another program")
        if found[1] != _VERSION:
            raise _UnusableError("was written by another version of this program")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA mmap_size = {_MAPPED_BYTES}")
        connection.execute("SELECT * FROM entries, places LIMIT 1").fetchall()
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError:
        raise _UnusableError("is damaged") from None


def _begin_if_empty(connection: sqlite3.Connection) -> None:
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if not tables and not _number(connection, "application_id"):
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(f"BEGIN IMMEDIATE; {TABLES} COMMIT;")


def _number(connection: sqlite3.Connection, pragma: str) -> int:
    (value,) = connection.execute(f"PRAGMA {pragma}").fetchone()
    return int(value)
