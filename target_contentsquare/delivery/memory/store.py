"""The entries of the memory: what was delivered, and when."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, NamedTuple

from target_contentsquare.delivery.memory.database import as_output_error
from target_contentsquare.errors import OutputError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

#: A session that was delivered to this long ago can't be enriched any more.
KEPT_SECONDS = 7 * 24 * 3600
# A run whose tap writes no states would lose more than this if it was killed.
_MOST_UNCOMMITTED = 20_000


class Entry(NamedTuple):
    """What is known of one enrichment, in the order of the table's columns.

    Attributes:
        id: See `identity.session_id`.
        fingerprint: Of what Contentsquare holds; None while that is not known, since
            something else is on its way, or was.
        source_row: See `identity.source_row`. Of the newest row that was sent, or that
            is to be.
        row_number: Of the newest row that was put when something was delivered last, in
            its stream, among those of `run`; 0 for one that an earlier run rejected,
            which comes before these.
        version: Of the integration schema; 0 until something was delivered.
        written_at: Unix seconds.
        run: See `identity.run_number`.
    """

    id: int
    fingerprint: bytes | None
    source_row: bytes
    row_number: int
    version: int
    written_at: int
    run: int

    @property
    def was_delivered(self) -> bool:
        """Whether it is more than a number that is kept for a source row."""
        return self.version > 0


class Place(NamedTuple):
    """Which project of which Contentsquare.

    Attributes:
        auth_url: Where to sign in: a sandbox is another place than production.
        project: 0 for the one that the credentials know.
        credentials: A hash of them where they decide the project, else empty.
    """

    auth_url: str
    project: int
    credentials: str


class Store:
    """Reads and writes entries; what is written counts once `commit` returns.

    Once something could not be written, nothing is: on a full disk SQLite may undo all
    that was written since the last commit, such as the number of a place, and what came
    after it would be about another place in the next run.

    Args:
        connection: See `database`.
        path: For messages.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self._path = path
        # By id, in whose order it is written, all at once: so each page of the file is
        # changed once. To write each batch as it comes takes a fourth more time.
        self._saved: dict[int, Entry] = {}
        self._has_marks = False
        self._failure: OutputError | None = None

    def place(self, place: Place) -> int:
        """Return the number of a place, which it keeps.

        Raises:
            OutputError: The file can't be written; so do all other methods.
        """
        with self._changing():
            self._begin()
            self._connection.execute(
                "INSERT OR IGNORE INTO places (auth_url, project, credentials) "
                "VALUES (?, ?, ?)",
                place,
            )
            (number,) = self._connection.execute(
                "SELECT number FROM places "
                "WHERE auth_url = ? AND project = ? AND credentials = ?",
                place,
            ).fetchone()
        return int(number)

    def places(self) -> dict[int, Place]:
        """Return all places, by their numbers."""
        with as_output_error(self._path):
            rows = self._connection.execute("SELECT * FROM places").fetchall()
        return {number: Place(*place) for number, *place in rows}

    def count(self) -> int:
        """Return how many enrichments are remembered."""
        self._write_saved()
        with as_output_error(self._path):
            (count,) = self._connection.execute(
                "SELECT count(*) FROM entries"
            ).fetchone()
        return int(count)

    def fingerprints(self, ids: Sequence[int]) -> dict[int, bytes]:
        """Return the fingerprints that are known of ids."""
        places = ",".join("?" * len(ids))
        with as_output_error(self._path):
            known: dict[int, bytes] = dict(
                self._connection.execute(
                    f"SELECT id, fingerprint FROM entries WHERE id IN ({places}) "  # noqa: S608 - question marks
                    "AND fingerprint IS NOT NULL",
                    ids,
                ).fetchall()
            )
        for saved in filter(None, map(self._saved.get, ids)):
            known.pop(saved.id, None)
            if saved.fingerprint is not None:
                known[saved.id] = saved.fingerprint
        return known

    def entries(self, first_id: int, last_id: int) -> list[Entry]:
        """Return the entries from one id to another."""
        self._write_saved()
        with as_output_error(self._path):
            rows = self._connection.execute(
                "SELECT * FROM entries WHERE id BETWEEN ? AND ?", (first_id, last_id)
            ).fetchall()
        return [Entry(*row) for row in rows]

    def mark(self, ids: Iterable[int]) -> None:
        """Note that Contentsquare may soon hold something else than what is known."""
        self._write(
            "UPDATE entries SET fingerprint = NULL WHERE id = ?",
            [(entry_id,) for entry_id in ids],
        )
        self._has_marks = True

    def reserve(self, entry: Entry) -> None:
        """Keep an id for a source row before anything is sent."""
        self._insert([entry])
        self._has_marks = True

    def hand_over(self, entry_id: int, source_row: bytes) -> None:
        """Keep an id for another source row than before."""
        self._write(
            "UPDATE entries SET source_row = ? WHERE id = ?",
            [(source_row, entry_id)],
        )
        self._has_marks = True

    def save(self, entries: Iterable[Entry]) -> None:
        """Note what Contentsquare took."""
        self._saved.update((entry.id, entry) for entry in entries)
        if len(self._saved) > _MOST_UNCOMMITTED:
            self.commit()

    def commit_marks(self) -> None:
        """Make sure that marks survive a crash: to be called before rows are sent."""
        if self._has_marks:
            self.commit()

    def commit(self) -> None:
        """Make sure that what was saved and marked survives a crash."""
        self._write_saved()
        with self._changing():
            if self._connection.in_transaction:
                self._connection.execute("COMMIT")
        self._has_marks = False

    def forget(self, before: int) -> None:
        """Remove the entries that were written before a time in Unix seconds."""
        self._write("DELETE FROM entries WHERE written_at < ?", [(before,)])

    def close(self) -> None:
        """Commit unless that has failed before, and let another run have the file."""
        try:
            if not self.has_failed:
                self.commit()
        finally:
            self._connection.close()

    @property
    def has_failed(self) -> bool:
        """Whether something could not be written."""
        return self._failure is not None

    def _write_saved(self) -> None:
        saved, self._saved = self._saved, {}
        if saved:
            self._insert([saved[entry_id] for entry_id in sorted(saved)])

    def _insert(self, entries: Sequence[Entry]) -> None:
        self._write(
            "INSERT OR REPLACE INTO entries VALUES (?, ?, ?, ?, ?, ?, ?)", entries
        )

    def _write(self, statement: str, rows: Sequence[Sequence[object]]) -> None:
        self._write_saved()
        with self._changing():
            self._begin()
            self._connection.executemany(statement, rows)

    @contextlib.contextmanager
    def _changing(self) -> Iterator[None]:
        if self._failure is not None:
            raise self._failure
        try:
            with as_output_error(self._path):
                yield
        except OutputError as failure:
            self._failure = failure
            raise

    def _begin(self) -> None:
        if not self._connection.in_transaction:
            self._connection.execute("BEGIN")
