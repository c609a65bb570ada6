"""Checks the guarantees during a run, without any of the target's own records."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from target_contentsquare.delivery.outbox import MAX_WAIT_SECONDS
from target_contentsquare.delivery.sending.refusals import MOST_REFUSED
from target_contentsquare.errors import FatalError, RetryableError
from target_contentsquare.mapping.identity import MAX_ENRICHMENT_NUMBER
from tests.simulation.contentsquare import number_of
from tests.simulation.expected_batches import (
    Destination,
    ExpectedBatch,
    ExpectedBatches,
    Part,
)
from tests.simulation.observed import RejectedRows
from tests.simulation.scenario import FIXED
from tests.simulation.states import States
from tests.simulation.world import World, require

if TYPE_CHECKING:
    from target_contentsquare.delivery.batches import Batch
    from target_contentsquare.enrichment import Key
    from tests.simulation.contentsquare import Contentsquare
    from tests.simulation.scenario import InputRow, Scenario, State


class Observer:
    """One run of the target as it is seen from outside.

    Attributes:
        events: How often each event happened, to show that every situation occurs.
        hurried: Whether a signal came.
        failed: Whether a request failed for good, or the run is over.
        stdout_closed: Whether no state can be printed any more.
    """

    def __init__(
        self,
        world: World,
        scenario: Scenario,
        server: Contentsquare,
        events: Counter[str],
    ) -> None:
        self.events = events
        self.file = RejectedRows(self)
        self.states = States()
        self.requests = self.delivered = self.merged = self.unchanged = 0
        self.unnumbered = 0
        self._server = server
        self._sources = server.sources
        self._put: dict[int, Key] = {}
        self._said: dict[Key, int] = {}
        self.hurried = self.failed = self.stdout_closed = False
        self._world = world
        self._max_in_flight = scenario.max_in_flight
        self._batches = ExpectedBatches(scenario.batch_rows, events)
        self._taken: set[Destination] = set()
        self._refused = Counter[Destination]()
        self._in_flight: set[Part] = set()
        self._resume_at: dict[int | None, float] = {}
        self._idle: set[Part] = set()
        self._request_failed = False

    # What the tap writes

    def row_read(self, row: InputRow) -> None:
        """Record a row that will be put into a batch, or passed over."""
        self._sources.add(row)
        self.states.unsettled[row.number] = row
        if row.stream == FIXED:
            self._said.setdefault(row.key, row.number)

    def row_unchanged(self, number: int) -> None:
        """Check a row that is not sent, since Contentsquare is said to hold it."""
        row = self.states.unsettled.pop(number)
        key, held = self._server.key_of(row), self._server.held_of(row)
        is_held = held is not None and held[:2] == (row.version, row.value)
        require(is_held, f"row {number} is unchanged, but {held} is held")
        older = [
            other for other in self.states.unsettled if self._put.get(other) == key
        ]
        require(not older, f"row {number} is unchanged, but {older} are on their way")
        self._taken.add((row.key[0], row.version))
        self.unchanged += 1
        self.events["unchanged"] += 1

    def row_unnumbered(self, number: int) -> None:
        """Check a row whose session is said to have no number left."""
        row = self.states.unsettled.pop(number)
        may = self._sources.may_lack_a_number(row)
        require(may, f"row {number} has no number, but its session has one left")
        self.unnumbered += 1
        self.events["no number left"] += 1

    def row_put(self, number: int, key: Key) -> None:
        """Record a row that is put into a batch."""
        row = self.states.unsettled[number]
        self._put[number] = key
        if row.is_unnumbered:
            self._number_given(row, key)
            self._sources.number_given(row, key)
        replaced = self._batches.add(replace(row, key=key), self._world.now)
        if replaced is not None:
            self.merged += 1
            self.events["row merged"] += 1
            del self.states.unsettled[replaced.number]

    def _number_given(self, row: InputRow, key: Key) -> None:
        """Check that no row that came earlier says the number itself."""
        numbers = range(1, MAX_ENRICHMENT_NUMBER + 1)
        require(key[3] in numbers, f"row {row.number} has the number {key[3]}")
        self.events[f"number {key[3]} of {row.stream}"] += 1
        said = self._said.get(key, math.inf) < row.number or key in self._server.said
        require(not said, f"row {row.number} has {key}, which a row before it says")
        had = self._server.key_of(row)
        self.events["number taken away"] += had not in {None, key}

    def state_read(self, state: State, rows_read: int) -> None:
        """Record a state that covers the rows before it."""
        self.states.add(state.place, rows_read)

    def expect_old_batches(self) -> None:
        """Expect the batches that have been open for too long to be sent."""
        self._batches.close_opened_until(self._world.now - MAX_WAIT_SECONDS)

    def expect_open_batches(self) -> None:
        """Expect all open batches to be sent: the input ended or a signal came."""
        self._batches.close_opened_until(math.inf)
        self.states.ended = True

    # What the server receives

    def request_begins(self, batch: Batch) -> None:
        """Check a request when it is made."""
        part = _part_of(batch)
        expected = self._batches.of(part[0]) if part else None
        require(expected is not None, f"rows {part} are not due")
        assert expected is not None
        require(part in expected.parts, f"rows {part} are no batch and no half of one")
        require(part not in self._in_flight, f"rows {part} are in flight already")
        require(expected.may_go, f"rows {part} overtake older ones with the same key")
        require(not self.failed, "a request begins after one has failed for good")
        require(not self._idle, f"rows {self._idle} waited without a reason")
        early = self._world.now < self._resume_at.get(batch.project_id, 0.0)
        require(self.hurried or not early, f"rows {part} go before Retry-After")
        self.requests += 1
        self._in_flight.add(part)
        require(len(self._in_flight) <= self._max_in_flight, "too many in flight")

    def request_answered(self, batch: Batch, error: Exception | None) -> None:
        """Record the answer to a request, before the target sees it."""
        part = _part_of(batch)
        self._in_flight.remove(part)
        self.events["answer: " + (type(error).__name__ if error else "taken")] += 1
        if isinstance(error, RetryableError):
            self._request_failed = True
            resume_at = self._world.now + (error.retry_after or 0.0)
            project = batch.project_id
            self._resume_at[project] = max(resume_at, self._resume_at.get(project, 0.0))
        elif isinstance(error, FatalError):
            self.failed = True
        else:
            self._settle_or_halve(part, taken=error is None)

    def _settle_or_halve(self, part: Part, *, taken: bool) -> None:
        batch = self._batch_of(part)
        batch.answers += 1
        message = f"{batch.answers} requests instead of {batch.max_answers}"
        require(batch.answers <= batch.max_answers, message)
        row = next(iter(batch.rows.values()))
        place = (row.key[0], row.version)
        if taken:
            self.delivered += len(part)
            self._settle(part)
            self._taken.add(place)
        elif len(part) > 1:
            batch.halve(part)
        elif place not in self._taken:
            self._refused[place] += 1

    def require_all_refused(self) -> None:
        """Require that a run may end because the first rows were all refused."""
        self.events["failed: all are refused"] += 1
        may = any(self._refused[place] >= MOST_REFUSED for place in self._refused)
        require(may, f"only {self._refused} rows were refused")

    def row_rejected(self, number: int, reason: str) -> None:
        """Check a row that is written to the rejected file."""
        if reason == "rejected_by_api":
            row = self.states.unsettled.get(number)
            refused = row is not None and row.outcome == "refused"
            require(refused, f"row {number} is rejected without a reason")
            self._settle((number,))

    def _settle(self, part: Part) -> None:
        self._batches.settle(self._batch_of(part), part)
        self.states.settle(part)

    def _batch_of(self, part: Part) -> ExpectedBatch:
        batch = self._batches.of(part[0])
        assert batch is not None
        return batch

    # What the target prints, and when it waits

    def state_printed(self, text: bytes) -> None:
        """Check a state that is printed."""
        place = int(text)
        self.states.state_printed(place, self._world.now)
        covered = self.states.rows_before(place)
        lost = [row for row in self.file.not_synced if row < covered]
        require(not lost, f"rejected rows {lost} are covered, but not on the disk")
        self.events["state printed"] += 1

    def before_sleep(self) -> None:
        """Check that all that could be done is under way when the target sleeps."""
        if not self.stdout_closed:
            self.states.require_safe_state_printed(self._world.now)
        # How many may be in flight is learnt; while nothing failed, one always may.
        if not self._in_flight and not self._request_failed:
            # A run that is about to fail may leave them; `request_begins` checks that.
            self._idle |= self._could_be_in_flight()

    def _could_be_in_flight(self) -> set[Part]:
        """Return the parts that wait for no other batch."""
        idle: set[Part] = set()
        for batch in self._batches:
            if batch.may_go:
                idle |= batch.parts
        return idle

    def run_ends(self, *, succeeded: bool) -> None:
        """Check what is guaranteed for the end of a run."""
        require(not self._in_flight, "requests are abandoned")
        newest = self.states.newest_safe
        require(self.states.printed == newest, f"state {newest} is safe, not printed")
        if succeeded:
            unsettled = list(self.states.unsettled)
            require(not unsettled, f"rows {unsettled} are not settled")
            require(not self._idle, f"rows {self._idle} waited without a reason")
            require(newest == self.states.last, "the last state is not the tap's")


def _part_of(batch: Batch) -> Part:
    return tuple(number_of(row) for row in batch.rows.values())
