"""An outbox with the Singer host's states and rejected file, and no real time."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

from target_contentsquare.delivery.batches import Row
from target_contentsquare.delivery.clock import utc_now
from target_contentsquare.delivery.outbox import Limits, Outbox
from target_contentsquare.delivery.rejected_rows import RejectedRows
from target_contentsquare.delivery.rejects import Rejection
from target_contentsquare.delivery.summary.summary import Summary
from target_contentsquare.enrichment import Enrichment, Integration
from target_contentsquare.errors import OutputError
from target_contentsquare.singer.input.tap_stream import TapStream
from target_contentsquare.singer.results.rejected_file import RejectedFile
from target_contentsquare.singer.results.state import StateKeeper
from tests.delivery.rig import DeliveryRig
from tests.singer_input import call, record, schema

if TYPE_CHECKING:
    from pathlib import Path


class OutboxRig:
    """An outbox, what it sends and what is printed; users stand for their rows."""

    def __init__(
        self,
        rejected_path: Path | None = None,
        *,
        batch_rows: int = 3,
        max_in_flight: int = 2,
        max_rejected: int = 2,
        mapped: bool = True,
    ) -> None:
        self.delivery = DeliveryRig(max_in_flight)
        self.world = self.delivery.world
        self.lines: list[str] = []
        self.on_disk: list[int] = []
        self.stdout_closed = False
        self.path = rejected_path
        self.summary = Summary(self.world.clock)
        self.counts = self.summary.counts("calls")
        self.source = TapStream(name="calls", schema=json.loads(schema()))
        file = RejectedFile(rejected_path, utc_now) if rejected_path else None
        log = logging.getLogger("rig")
        self._rejected = RejectedRows(file, max_rejected, self.summary, log)
        self.states = StateKeeper(
            self.write,
            sync=file.sync if file else lambda: None,
            oldest_unsettled=lambda: self.outbox.oldest_unsettled,
            clock=self.world.clock,
        )
        self.outbox = Outbox(
            self.delivery.send,
            Limits(batch_rows, max_in_flight),
            self._rejected,
            ages=self.summary.ages,
            rates=self.delivery.rates,
            on_settled=self.states.print_due,
            executor=self.delivery,
            clock=self.world.clock,
            sleep=self.world.sleep,
            notify=self.world.notify,
            log=log,
        )
        if mapped:
            self.states.enable()

    def write(self, state: bytes) -> None:
        if self.stdout_closed:
            raise OutputError("standard output is closed")
        self.lines.append(state.decode())
        if self.path:
            self.on_disk.append(len(self.rejected()))

    def row(self, user: str) -> Row:
        self.counts.read += 1
        self.source.rows += 1
        line = record(call(user)).encode()
        enrichment = Enrichment(user, 1, 1, {})
        number = self.source.rows
        size = len(line)
        return Row(self.counts, self.source, number, line, size, None, enrichment)

    def put(self, users: str, project: int = 162) -> None:
        for user in users:
            self.outbox.put((project, user, 1, 1), Integration(1), self.row(user))

    def mark(self, state: bytes) -> None:
        self.states.take(state, self.outbox.position)
        self.states.print_due()

    def put_and_mark(self, users: str) -> None:
        """Put rows, with a state after every row that is named after it."""
        for user in users:
            self.put(user)
            self.mark(user.encode())

    def reject(self, user: str, field: str | None = "call_date") -> None:
        rejection = Rejection("invalid_datetime", field, "detail")
        self._rejected.add(self.row(user), rejection)

    def tick(self) -> None:
        self.outbox.tick()
        self.states.print_due()

    def flush(self) -> None:
        self.outbox.flush()
        self.states.print_newest()

    def give_up(self) -> None:
        self.outbox.finish()
        self.states.print_newest()

    def close(self) -> None:
        self._rejected.close()

    def rejected(self) -> list[dict[str, Any]]:
        assert self.path is not None
        if not self.path.exists():
            return []
        lines = map(json.loads, self.path.read_bytes().splitlines())
        return [line for line in lines if line["type"] == "RECORD"]
