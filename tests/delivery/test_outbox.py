"""The outbox: a row that is not settled is never taken for settled."""

from __future__ import annotations

import logging
from datetime import datetime, timezone

import pytest

from target_contentsquare.delivery.batches import MOST_BYTES, Row
from target_contentsquare.delivery.origin import Source
from target_contentsquare.delivery.outbox import Limits, Outbox
from target_contentsquare.delivery.rejected_rows import RejectedRows
from target_contentsquare.delivery.summary.session_ages import SessionAges
from target_contentsquare.delivery.summary.summary import StreamCounts, Summary
from target_contentsquare.enrichment import Enrichment, Integration
from target_contentsquare.errors import OutputError
from tests.delivery.rig import DeliveryRig

LOG = logging.getLogger("outbox")


class OutboxRig:
    """An outbox whose requests take a second of no real time each.

    Attributes:
        oldest: The oldest row that was unsettled, each time a state could be printed.
        fault: Raised where the memory has to be written.
    """

    def __init__(self) -> None:
        self.rig = DeliveryRig()
        self.counts = StreamCounts()
        self.oldest: list[int] = []
        self.fault: OutputError | None = None
        self.outbox = Outbox(
            lambda _: None,
            Limits(batch_rows=200, max_in_flight=4),
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

    def put(self, project: int, user: str, size: int = 1) -> None:
        enrichment = Enrichment(user, 1, 1, {})
        row = Row(self.counts, Source("calls"), 1, b"", size, enrichment=enrichment)
        self.outbox.put((project, user, 1, 1), Integration(1), row)

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
