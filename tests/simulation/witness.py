"""Knows the guarantees and looks on: it shares no bookkeeping with the target."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

from target_contentsquare.delivery.outbox import MAX_WAIT_SECONDS
from target_contentsquare.errors import FatalError, RetryableError
from tests.simulation.contentsquare import number_of
from tests.simulation.rejected import RejectedRows
from tests.simulation.shipments import Part, Shipment, Shipments
from tests.simulation.states import States
from tests.simulation.world import World, demand

if TYPE_CHECKING:
    from target_contentsquare.enrichment import Batch
    from tests.simulation.scenario import Given, Scenario, State


class Witness:
    """One run of the target as seen from outside.

    Attributes:
        seen: What happened, to know that a simulation gets everywhere.
        hurried: A signal came.
        failed: A request failed for good, or the run is over.
        stdout_closed: No state can be printed any more.
    """

    def __init__(self, world: World, scenario: Scenario, seen: Counter[str]) -> None:
        self.seen = seen
        self.file = RejectedRows(self)
        self.states = States()
        self.requests = self.delivered = self.merged = 0
        self.hurried = self.failed = self.stdout_closed = False
        self._world = world
        self._max_in_flight = scenario.max_in_flight
        self._shipments = Shipments(scenario.batch_rows, seen)
        self._in_flight: set[Part] = set()
        self._resume_at: dict[Part, float] = {}
        self._idle: set[Part] = set()
        self._given_up: set[Part] = set()
        self._tries: Counter[Part] = Counter()

    # What the tap gives

    def reads(self, given: Given) -> None:
        """A row that will be placed in a batch."""
        self.states.unsettled[given.number] = given
        replaced = self._shipments.add(given, self._world.now)
        if replaced is not None:
            self.merged += 1
            self.seen["row merged"] += 1
            del self.states.unsettled[replaced.number]

    def reads_state(self, state: State, rows_read: int) -> None:
        """A state that covers the rows before it."""
        self.states.add(state.place, rows_read)

    def ships_what_is_old(self) -> None:
        """The target is about to look for batches that have waited too long."""
        self._shipments.ship_opened_until(self._world.now - MAX_WAIT_SECONDS)

    def ships_the_rest(self) -> None:
        """The input has ended, or a signal came."""
        self._shipments.ship_opened_until(math.inf)
        self.states.ended = True

    # What the server sees

    def begins(self, batch: Batch) -> None:
        """A request is made."""
        part = _part_of(batch)
        shipment = self._shipments.of(part[0]) if part else None
        demand(shipment is not None, f"rows {part} are not due")
        assert shipment is not None
        demand(part in shipment.parts, f"rows {part} are no batch and no half of one")
        demand(part not in self._in_flight, f"rows {part} are in flight already")
        demand(shipment.may_go, f"rows {part} overtake older ones with the same key")
        demand(not self.failed, "a request begins after one has failed for good")
        demand(not self._idle, f"rows {self._idle} waited for nothing")
        demand(part not in self._given_up, f"rows {part} have had their last try")
        early = self._world.now < self._resume_at.pop(part, 0.0)
        demand(self.hurried or not early, f"rows {part} go before Retry-After")
        self.requests += 1
        self._tries[part] += 1
        self._in_flight.add(part)
        demand(len(self._in_flight) <= self._max_in_flight, "too many in flight")

    def answered(self, batch: Batch, error: Exception | None) -> None:
        """The outcome of a request is there; the target has yet to look."""
        part = _part_of(batch)
        self._in_flight.remove(part)
        self.seen["answer: " + (type(error).__name__ if error else "taken")] += 1
        if isinstance(error, RetryableError):
            if self.hurried and self._tries[part] > 1:
                self._given_up.add(part)
            self._resume_at[part] = self._world.now + (error.retry_after or 0.0)
        elif isinstance(error, FatalError):
            self.failed = True
        else:
            self._decided(part, taken=error is None)

    def _decided(self, part: Part, *, taken: bool) -> None:
        shipment = self._shipment(part)
        shipment.answers += 1
        what = f"{shipment.answers} requests instead of {shipment.most_answers}"
        demand(shipment.answers <= shipment.most_answers, what)
        if taken:
            self.delivered += len(part)
            self._settle(part)
        elif len(part) > 1:
            shipment.halve(part)

    def rejected(self, number: int, reason: str) -> None:
        """A row is written to the rejected file."""
        if reason == "rejected_by_api":
            given = self.states.unsettled.get(number)
            bad = given is not None and given.kind == "bad"
            demand(bad, f"row {number} is rejected for nothing")
            self._settle((number,))

    def _settle(self, part: Part) -> None:
        self._shipments.settle(self._shipment(part), part)
        self.states.settle(part)

    def _shipment(self, part: Part) -> Shipment:
        shipment = self._shipments.of(part[0])
        assert shipment is not None
        return shipment

    # What comes out

    def prints(self, text: bytes) -> None:
        """A state line appears."""
        place = int(text)
        self.states.prints(place, self._world.now)
        covered = self.states.rows_before(place)
        lost = [row for row in self.file.not_synced if row < covered]
        demand(not lost, f"rejected rows {lost} are covered, but not on the disk")
        self.seen["state printed"] += 1

    def looks(self) -> None:
        """Look on while the target sleeps: all that could be done is under way."""
        if not self.stdout_closed:
            self.states.demand_what_was_safe()
        demand(self._in_flight or not self.hurried, "it waits after a signal")
        if len(self._in_flight) < self._max_in_flight:
            # It may be about to fail, and then that's right; `begins` knows better.
            self._idle |= self._could_be_in_flight()

    def _could_be_in_flight(self) -> set[Part]:
        """Those that wait for no key, no Retry-After, and no room for a new batch."""
        busy = self._in_flight | self._resume_at.keys()
        held = sum(not one.may_go for one in self._shipments)
        room = max(held, len(busy)) < self._max_in_flight
        idle: set[Part] = set()
        for one in self._shipments:
            if one.may_go and (one.answers or room):
                idle |= one.parts - busy
        return idle

    def run_is_over(self, *, succeeded: bool) -> None:
        """All that was promised for the end of a run."""
        demand(not self._in_flight, "requests are abandoned")
        newest = self.states.newest_safe
        demand(self.states.printed == newest, f"state {newest} is safe, not printed")
        if succeeded:
            nowhere = list(self.states.unsettled)
            demand(not nowhere, f"rows {nowhere} are nowhere")
            demand(not self._idle, f"rows {self._idle} waited for nothing")
            demand(newest == self.states.last, "the last state is not the tap's")


def _part_of(batch: Batch) -> Part:
    return tuple(number_of(row) for row in batch.rows.values())
