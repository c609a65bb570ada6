"""The file of the memory: who has it, and what becomes of one that can't be used."""

from __future__ import annotations

import logging
import sqlite3
from contextlib import closing
from datetime import datetime, timezone
from pathlib import Path
from unittest.mock import Mock

import pytest

from target_contentsquare.delivery.clock import Clock
from target_contentsquare.delivery.memory.database import open_copy, open_database
from target_contentsquare.delivery.memory.memory import Memory
from target_contentsquare.delivery.memory.store import Entry, Place, Store
from target_contentsquare.errors import OutputError

LOG = logging.getLogger("memory")
NOW = datetime(2026, 11, 25, 19, 30, tzinfo=timezone.utc)
ENTRY = Entry(4, b"fingerprint", b"row", 1, 1, 1000, 900)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "memory.sqlite"


def open_store(path: Path) -> Store:
    return Store(open_database(path, NOW, LOG), path)


def fill(path: Path) -> None:
    with closing(open_store(path)) as store:
        store.save([ENTRY])


def entries(path: Path) -> list[Entry]:
    with closing(open_store(path)) as store:
        return store.entries(0, 100)


def test_what_was_written_is_there_in_the_next_run(path: Path) -> None:
    fill(path)
    assert entries(path) == [ENTRY]


def test_what_was_not_committed_is_lost_with_its_process(path: Path) -> None:
    fill(path)
    connection = open_database(path, NOW, LOG)
    Store(connection, path).save([ENTRY._replace(id=5)])
    connection.close()
    assert entries(path) == [ENTRY]


def test_a_place_keeps_its_number(path: Path) -> None:
    place, other = Place("https://a", 162, ""), Place("https://b", 162, "")
    with closing(open_store(path)) as store:
        assert [store.place(place), store.place(other)] == [1, 2]
    with closing(open_store(path)) as store:
        assert [store.place(other), store.place(place)] == [2, 1]


def test_a_second_run_says_that_the_file_is_in_use(path: Path) -> None:
    with closing(open_store(path)), pytest.raises(OutputError, match="another run"):
        open_store(path)
    with closing(open_store(path)), pytest.raises(OutputError, match="another run"):
        open_copy(path)


def test_entries_are_forgotten_by_the_time_they_were_written(path: Path) -> None:
    with closing(open_store(path)) as store:
        store.save([ENTRY, ENTRY._replace(id=5, written_at=2000)])
        store.forget(2000)
        assert [entry.id for entry in store.entries(0, 100)] == [5]


def write_text(path: Path) -> None:
    path.write_text("no database" * 1000)


def write_other_database(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE other (id)")


def write_newer_version(path: Path) -> None:
    fill(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")


def damage(path: Path) -> None:
    fill(path)
    content = bytearray(path.read_bytes())
    content[100:8192] = bytes(8092)
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (write_text, "is damaged"),
        (write_other_database, "another program"),
        (write_newer_version, "another version"),
        (damage, "is damaged"),
    ],
)
def test_a_file_that_cannot_be_used_is_moved_aside_with_a_warning(
    path: Path,
    caplog: pytest.LogCaptureFixture,
    spoil: object,
    reason: str,
) -> None:
    assert callable(spoil)
    spoil(path)
    before = path.read_bytes()
    assert entries(path) == []
    (warning,) = [r.getMessage() for r in caplog.records if r.levelname == "WARNING"]
    assert reason in warning
    aside = path.with_name("memory.sqlite.unusable-20261125T193000")
    assert aside.read_bytes() == before
    assert str(aside) in warning
    fill(path)
    assert entries(path) == [ENTRY]


def test_damage_that_is_met_later_ends_the_run_and_the_next_begins_anew(
    path: Path,
) -> None:
    with closing(open_store(path)) as store:
        store.save([ENTRY._replace(id=number) for number in range(5000)])
    content = bytearray(path.read_bytes())
    content[40_000:60_000] = b"x" * 20_000
    path.write_bytes(content)
    with closing(open_store(path)) as store:
        with pytest.raises(OutputError, match=r"is damaged: .* run again"):
            store.entries(0, 5000)
        assert not path.exists()
    assert entries(path) == []


def test_a_folder_that_is_missing_is_told(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"memory_path: .*No such file"):
        open_store(tmp_path / "missing" / "memory.sqlite")


def test_a_file_system_that_is_read_only_is_told() -> None:
    with pytest.raises(OutputError, match=r"memory_path: '/proc/memory\.sqlite' can't"):
        open_store(Path("/proc/memory.sqlite"))


def test_a_full_disk_is_told_and_what_was_committed_stays(path: Path) -> None:
    fill(path)
    connection = open_database(path, NOW, LOG)
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    # SQLite says the same when it has no more pages as when the disk has no more room.
    connection.execute(f"PRAGMA max_page_count = {pages}")
    with closing(Store(connection, path)) as store:
        store.save([ENTRY._replace(id=number) for number in range(5, 5000)])
        with pytest.raises(OutputError, match="disk is full"):
            store.commit()
    assert ENTRY in entries(path)


def test_nothing_is_kept_after_a_disk_was_full(path: Path) -> None:
    """SQLite takes the place back, and another one gets its number in the next run."""
    connection = open_database(path, NOW, LOG)
    with closing(Store(connection, path)) as store:
        store.place(Place("https://a", 162, ""))
        connection.execute("PRAGMA max_page_count = 10")
        store.save([ENTRY._replace(id=number) for number in range(5, 5000)])
        with pytest.raises(OutputError, match="disk is full"):
            store.commit()
        connection.execute("PRAGMA max_page_count = 10000")
        store.save([ENTRY])
        with pytest.raises(OutputError, match="disk is full"):
            store.commit()
    assert entries(path) == []


def test_no_state_may_rely_on_a_memory_that_could_not_be_written(path: Path) -> None:
    connection = open_database(path, NOW, LOG)
    store = Store(connection, path)
    memory = Memory(store, Mock(), Clock(), log=LOG, resends=False)
    connection.execute("PRAGMA max_page_count = 10")
    store.save([ENTRY._replace(id=number) for number in range(5, 5000)])
    for _ in range(2):
        with pytest.raises(OutputError, match="disk is full"):
            memory.sync()
    memory.close()
    with pytest.raises(OutputError, match="disk is full"):
        memory.sync()


def test_a_copy_for_a_dry_run_changes_nothing(path: Path) -> None:
    with closing(open_copy(path)) as copy:
        assert Store(copy, path).entries(0, 100) == []
    assert not path.exists()
    fill(path)
    with closing(Store(open_copy(path), path)) as store:
        assert store.entries(0, 100) == [ENTRY]
        store.save([ENTRY._replace(id=5)])
    assert entries(path) == [ENTRY]
