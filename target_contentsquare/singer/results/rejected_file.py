"""The rejected file: undeliverable rows, as Singer messages to feed in again."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, Any

from target_contentsquare.errors import OutputError
from target_contentsquare.report.write_report import is_same_file
from target_contentsquare.singer.input.tap_stream import TapStream
from target_contentsquare.singer.results.rejected_line import encode_schema, with_note
from target_contentsquare.singer.results.shared_file import SharedFile
from target_contentsquare.singer.results.taken_file import take_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime
    from pathlib import Path

    from target_contentsquare.delivery.origin import Origin
    from target_contentsquare.delivery.rejects import Rejection
    from target_contentsquare.singer.results.taken_file import TakenFile

# Rows wait in memory for the next state, or until there are as many bytes of them.
_MOST_WAITING_BYTES = 1_000_000


class RejectedFile:
    """Appends rejected rows to a file, each after the SCHEMA that it came under.

    Rows wait in memory until `sync` is called before a state is printed, so a row that
    a state covers has been on the disk, in the file that the path led to. Whoever
    deletes, moves or empties the file during the run loses or moves the rows that were
    in it; later rows go to a new one, which begins with its SCHEMA.

    Nothing is made before the first row. What an earlier run left is kept, but for a
    last line that it did not get to finish.

    Args:
        now: The current time, with its zone.
        run: When the run started, with its zone; now if None.
    """

    def __init__(
        self, path: Path, now: Callable[[], datetime], run: datetime | None = None
    ) -> None:
        self._path = path
        self._now = now
        self._run = _text(run or now(), "milliseconds")
        self._file = SharedFile(path)
        self._schemas: dict[str, Mapping[str, Any]] = {}
        self._waiting: list[tuple[Mapping[str, Any], bytes]] = []
        self._waiting_bytes = 0

    def check(self) -> None:
        """Find out before the run whether the file can be written.

        Raises:
            OutputError: It can't.
        """
        fault = _fault_of(self._path)
        if fault is not None:
            msg = f"rejected_path: '{self._path}' can't be written: {fault}"
            raise OutputError(msg)

    def is_same_file(self, place: int | Path) -> bool:
        """Return whether a path, or an open file, is the one that rows go to."""
        return is_same_file(self._path, place)

    def write(self, origin: Origin, rejection: Rejection) -> None:
        """Take a row as it arrived; it is in the file once `sync` returns.

        Args:
            origin: Its source is a `TapStream`, and the row its RECORD line.

        Raises:
            OutputError: The file can't be written.
        """
        note = {
            "reason": rejection.reason,
            "field": rejection.field,
            "detail": rejection.detail,
            "at": _text(self._now()),
            "run": self._run,
            "row": origin.number,
            "faults": [
                {"reason": fault.reason, "field": fault.field, "detail": fault.detail}
                for fault in rejection.faults
            ],
        }
        assert isinstance(origin.source, TapStream)  # noqa: S101 - our own streams
        line = with_note(origin.alone, note)
        self._keep(origin.source.schema, line)

    def _keep(self, schema: Mapping[str, Any], line: bytes) -> None:
        self._waiting.append((schema, line))
        self._waiting_bytes += len(line)
        if self._waiting_bytes > _MOST_WAITING_BYTES:
            self.sync()

    def put_back(self, schema: Mapping[str, Any], line: bytes) -> None:
        """Take the line of an earlier run as it is.

        Args:
            schema: The SCHEMA message that it came under.

        Raises:
            OutputError: The file can't be written.
        """
        self._keep(schema, line)

    def take_aside(self) -> TakenFile | None:
        """Rename the file of earlier runs, so that its rows can be tried again.

        Returns:
            The file; that of a run that was killed meanwhile, if there is one; None if
            there are no rows.

        Raises:
            OutputError: It can't be renamed.
            TakenError: Another run is trying the rows again.
        """
        aside = self._path.with_name(f"{self._path.name}.retrying")
        with self._as_output_error():
            return take_file(self._path, aside)

    def sync(self) -> None:
        """Write the rows that wait, and make sure that they survive a crash.

        Raises:
            OutputError: The file can't be written.
        """
        if not self._waiting:
            return
        with self._as_output_error():
            self._file.append(self._text)
        self._waiting.clear()
        self._waiting_bytes = 0

    def close(self) -> None:
        """Write what is left, and close the file if there is one."""
        try:
            self.sync()
        finally:
            self._file.close()

    def _text(self, is_continued: bool) -> bytes:  # noqa: FBT001 - as `append` wants it
        if not is_continued:
            self._schemas.clear()
        return b"".join(line + b"\n" for line in self._lines())

    def _lines(self) -> Iterator[bytes]:
        for schema, line in self._waiting:
            if self._schemas.get(schema["stream"]) is not schema:
                self._schemas[schema["stream"]] = schema
                yield encode_schema(schema)
            yield line

    @contextlib.contextmanager
    def _as_output_error(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            msg = f"rejected_path: can't write '{self._path}': {error.strerror}"
            raise OutputError(msg) from None


def _text(moment: datetime, unit: str = "seconds") -> str:
    return moment.isoformat(timespec=unit).replace("+00:00", "Z")


def _fault_of(path: Path) -> str | None:
    """Return why rows can't be appended to a path, as far as can be told before."""
    try:
        status = path.stat()
    except OSError:
        status = None
    folder, is_usable = path.parent, path.is_file()
    if status is None:
        is_usable = folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)
    elif os.geteuid() not in {0, status.st_uid}:
        return (
            "it belongs to another user, and rows hold personal data, which only the "
            "file's owner may read: name another file"
        )
    elif is_usable:
        is_usable = os.access(path, os.R_OK | os.W_OK)
    if is_usable:
        return None
    return "it must be a file in a folder that exists, and that may be written to"
