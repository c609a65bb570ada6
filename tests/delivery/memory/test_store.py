"""The entries of the memory: they answer like a plain dict, written or not yet."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from target_contentsquare.delivery.memory.database import TABLES
from target_contentsquare.delivery.memory.store import Entry, Store

IDS = st.integers(0, 12)
VALUES = st.sampled_from([b"a", b"b", None])
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("save"), st.lists(st.tuples(IDS, VALUES), max_size=5)),
        st.tuples(st.just("mark"), st.lists(IDS, max_size=3)),
        st.tuples(st.just("reserve"), IDS),
        st.tuples(st.just("hand_over"), IDS),
        st.tuples(st.just("commit"), st.none()),
        st.tuples(st.just("look"), st.lists(IDS, min_size=1, max_size=6)),
    ),
    max_size=30,
)


def entry(entry_id: int, fingerprint: bytes | None) -> Entry:
    return Entry(entry_id, fingerprint, b"row", 1, 1, 1000, 900)


class PlainStore:
    """The same, in a dict."""

    def __init__(self) -> None:
        self.entries: dict[int, Entry] = {}

    def save(self, saved: list[Entry]) -> None:
        self.entries.update({one.id: one for one in saved})

    def mark(self, ids: list[int]) -> None:
        for entry_id in ids:
            self._change(entry_id, fingerprint=None)

    def reserve(self, reserved: Entry) -> None:
        self.save([reserved])

    def hand_over(self, entry_id: int, row: bytes) -> None:
        self._change(entry_id, source_row=row)

    def _change(self, entry_id: int, **values: Any) -> None:
        if entry_id in self.entries:
            self.entries[entry_id] = self.entries[entry_id]._replace(**values)


def take(store: Store | PlainStore, step: str, what: Any) -> None:
    if step == "save":
        store.save([entry(*one) for one in what])
    elif step == "mark":
        store.mark(what)
    elif step == "reserve":
        store.reserve(entry(what, None))
    elif step == "hand_over":
        store.hand_over(what, b"other")


@given(STEPS)
def test_a_store_answers_like_a_dict(steps: list[tuple[str, Any]]) -> None:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.executescript(TABLES)
    plain = PlainStore()
    with closing(Store(connection, Path("memory"))) as store:
        for step, what in steps:
            take(store, step, what)
            take(plain, step, what)
            if step == "commit":
                store.commit()
                assert not connection.in_transaction
            elif step == "look":
                found = [plain.entries.get(entry_id) for entry_id in what]
                known = {one.id: one.fingerprint for one in found if one}
                told = store.fingerprints(what)
                assert told == {i: known[i] for i in known if known[i] is not None}
        assert store.count() == len(plain.entries)
        assert store.entries(0, 12) == sorted(plain.entries.values())
