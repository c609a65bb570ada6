"""Rows that come together: which of them share what they came in, and in which order
they are put."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from target_contentsquare.delivery.batches import OpenBatches, Row
from target_contentsquare.delivery.clock import Clock
from target_contentsquare.delivery.origin import Source, Together
from target_contentsquare.delivery.rejected_rows import RejectedRows
from target_contentsquare.delivery.summary.summary import Summary
from target_contentsquare.enrichment import Integration, Key
from target_contentsquare.mapping.columns import Column
from target_contentsquare.mapping.compile import compile_mapping
from target_contentsquare.mapping.fields import FieldType
from target_contentsquare.mapping.stream_mapping import StreamMapping
from target_contentsquare.stream import Stream

NOW = datetime.now(timezone.utc).replace(microsecond=0)
OLD = NOW - timedelta(days=8)
COLUMNS = [
    Column("user_id", FieldType.STRING, typed=True),
    Column("session_number", FieldType.INT, typed=True),
    Column("session_started_at", FieldType.DATETIME, typed=True),
    Column("duration", FieldType.INT, typed=True),
]

ROW = {"session_number": 1, "duration": 60}


class Lines(Together):
    """Rows by their numbers."""

    def row(self, number: int) -> str:
        return f"line {number}"


class Rig:
    """A stream, and the rows that come out of it."""

    def __init__(self, **settings: Any) -> None:
        self.rows: list[tuple[Key, Row]] = []
        self.kept: list[Any] = []
        self.summary = Summary(lambda: 0.0)
        log = logging.getLogger("rig")
        mapping = StreamMapping("streams.calls", **settings)
        self.stream = Stream(
            compile_mapping("calls", COLUMNS, mapping),
            mapping,
            Source("calls"),
            self.summary.counts("calls"),
            outbox=self,  # type: ignore[arg-type]
            rejected=RejectedRows(self, None, self.summary, log),  # type: ignore[arg-type]
            clock=Clock(),
            log=log,
        )

    def put_all(
        self, keys: Sequence[Key], _integration: Integration, rows: Sequence[Row]
    ) -> None:
        self.rows.extend(zip(keys, rows, strict=True))

    def put(self, key: Key, _integration: Integration, row: Row) -> None:
        self.rows.append((key, row))

    def write(self, origin: Any, _rejection: Any) -> None:
        self.kept.append(origin.alone)

    def take(self, *rows: tuple[str, datetime]) -> None:
        names = [column.name for column in self.stream.columns]
        values = [
            [
                {**ROW, "user_id": user, "session_started_at": start}[name]
                for name in names
            ]
            for user, start in rows
        ]
        untyped = {f"line {n}": row for n, row in enumerate(values, start=1)}
        self.stream.put_typed(values, Lines(), 10, untyped.__getitem__)

    @property
    def raws(self) -> list[str]:
        """What each row came in: its line, or `together`."""
        raws = [row.raw for _, row in self.rows]
        return ["together" if isinstance(raw, Lines) else raw for raw in raws]


@pytest.fixture
def rig() -> Rig:
    return Rig()


def users(rows: Sequence[tuple[Key, Row]]) -> list[str]:
    return [key[1] for key, _ in rows]


def test_rows_share_what_they_came_in_if_at_least_half_are_kept(rig: Rig) -> None:
    rig.take(("a", NOW), ("b", OLD))
    assert rig.raws == ["together"]
    assert rig.rows[0][1].alone == "line 1"


def test_rows_stand_alone_where_most_that_came_with_them_are_dropped(rig: Rig) -> None:
    rig.take(("a", OLD), ("b", NOW), ("c", OLD))
    assert rig.raws == ["line 2"]


def test_rows_of_many_projects_stand_alone() -> None:
    rig = Rig(project_id="duration", fields={"duration": "duration"})
    rig.take(("a", NOW), ("b", NOW))
    assert rig.raws == ["line 1", "line 2"]


def test_rows_stand_alone_once_more_were_replaced_than_are_left(rig: Rig) -> None:
    batches = OpenBatches(200, lambda: 0.0)
    for users in ("abb", "cbb"):
        rig.take(*((user, NOW) for user in users))
        for key, row in rig.rows[-3:]:
            batches.add(key, Integration(1), row)
    (batch,) = batches
    raws = {key[1]: row.raw for key, row in batch.rows.items()}
    last = raws.pop("b")
    assert raws == {"a": "line 1", "c": "line 4"}
    assert isinstance(last, Lines)


def test_rows_are_put_in_order_and_counted_where_one_has_to_be_read_again(
    rig: Rig,
) -> None:
    rig.take(("a", NOW), ("", NOW), ("b", NOW), ("1.5E+9", NOW), (" c ", NOW))
    assert users(rig.rows) == ["a", "b", "c"]
    assert [row.number for _, row in rig.rows] == [1, 3, 5]
    assert rig.kept == ["line 2", "line 4"]
    total = rig.summary.total
    assert (total.read, total.rejected.total(), rig.stream.rows) == (5, 2, 5)
