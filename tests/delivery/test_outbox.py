"""The outbox: a row that is not settled is never taken for settled."""

from __future__ import annotations

import logging
from datetime import datetime, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from target_contentsquare.delivery.batches import MOST_BYTES, Batch, Row
from target_contentsquare.delivery.origin import Source
from target_contentsquare.delivery.outbox import Limits, Outbox
from target_contentsquare.delivery.rejected_rows import RejectedRows
from target_contentsquare.delivery.summary.session_ages import SessionAges
from target_contentsquare.delivery.summary.summary import StreamCounts, Summary
from target_contentsquare.enrichment import Enrichment, Integration, Key
from target_contentsquare.errors import OutputError
from tests.delivery.rig import DeliveryRig

LOG = logging.getLogger("outbox")


class OutboxRig:
    """An outbox whose requests take a second of no real time each.

    Attributes:
        oldest: The oldest row that was unsettled, each time a state could be printed.
        fault: Raised where the memory has to be written.
    """

    def __init__(self, batch_rows: int = 200) -> None:
        self.rig = DeliveryRig()
        self.sent: list[list[tuple[int, int, int]]] = []
        self.counts = StreamCounts()
        self.oldest: list[int] = []
        self.fault: OutputError | None = None
        self.outbox = Outbox(
            self._send,
            Limits(batch_rows=batch_rows, max_in_flight=4),
            RejectedRows(None, None, Summary(self.rig.world.clock), LOG),
            ages=SessionAges(lambda: datetime.now(timezone.utc)),
            rates=self.rig.rates,
            on_settled=lambda: self.oldest.append(self.outbox.oldest_unsettled),
            executor=self.rig,
            clock=self.rig.world.clock,
            sleep=self.rig.world.sleep,
            notify=self.rig.world.notify,
            log=LOG,
            on_its_way=self,  # type: ignore[arg-type]  # has what is called
        )

    def put(self, project: int, user: str, size: int = 1, version: int = 1) -> None:
        row = self._row(user, size)
        self.outbox.put((project, user, 1, 1), Integration(version), row)

    def put_all(
        self, project: int, users: str, size: int = 1, version: int = 1
    ) -> None:
        keys: list[Key] = [(project, user, 1, 1) for user in users]
        rows = [self._row(user, size) for user in users]
        self.outbox.put_all(keys, Integration(version), rows)

    def _row(self, user: str, size: int) -> Row:
        enrichment = Enrichment(user, 1, 1, {})
        return Row(self.counts, Source("calls"), 1, b"", size, None, enrichment)

    def _send(self, batch: Batch) -> None:
        self.sent.append(
            [(row.position, row.size, key[0] or 0) for key, row in batch.rows.items()]
        )

    def before_sending(self) -> None:
        """Stand for a memory that writes its marks."""
        if self.fault is not None:
            raise self.fault

    def note_delivered(self, batch: object) -> None:
        """Stand for a memory that keeps what was delivered."""


def test_rows_that_one_huge_row_sends_off_together_are_unsettled_meanwhile() -> None:
    rig = OutboxRig()
    for project in (1, 2, 1):
        rig.put(project, "u")
    # The batch of project 1 was begun first, but the oldest row is that of project 2.
    rig.put(3, "u", MOST_BYTES)
    assert rig.oldest
    assert set(rig.oldest) == {1}
    rig.outbox.flush()
    assert (rig.counts.delivered, rig.counts.merged) == (3, 1)


def test_rows_stay_unsettled_where_the_memory_can_not_be_written_before() -> None:
    rig = OutboxRig()
    rig.put(1, "u")
    rig.fault = OutputError("the disk is full")
    with pytest.raises(OutputError):
        rig.outbox.flush()
    rig.outbox.finish()
    assert rig.outbox.oldest_unsettled == 0
    assert rig.rig.order == []


MANY = [chr(code) for code in range(ord("a"), ord("a") + 400)]
LOTS = st.tuples(
    st.sampled_from([1, 1, 1, 2]),
    st.text("abcdefgh", max_size=20) | st.text(MANY, max_size=60),
    st.sampled_from([1, 1, 1, MOST_BYTES // 5]),
    st.sampled_from([1, 1, 1, 1, 2]),
)


@given(st.lists(LOTS, max_size=8), st.integers(1, 12))
def test_rows_that_are_put_together_go_as_if_each_had_been_put(
    lots: list[tuple[int, str, int, int]], batch_rows: int
) -> None:
    single, together = OutboxRig(batch_rows), OutboxRig(batch_rows)
    for project, users, size, version in lots:
        for user in users:
            single.put(project, user, size, version)
        together.put_all(project, users, size, version)
        assert together.outbox.position == single.outbox.position
        assert together.outbox.oldest_unsettled == single.outbox.oldest_unsettled
    for rig in (single, together):
        rig.outbox.flush()
    assert together.sent == single.sent
    assert together.oldest == single.oldest
    assert together.counts == single.counts


def test_rows_that_are_put_together_stay_unsettled_until_they_are_in_a_batch() -> None:
    rig = OutboxRig(batch_rows=2)
    # Each is so large that it goes, and is delivered, before the next one is put.
    rig.put_all(1, "abcd", MOST_BYTES + 1)
    assert rig.oldest == [0, 1, 1, 2, 2, 3, 3, 4]
