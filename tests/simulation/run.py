"""One simulated run of the target's core, from the tap's messages to its end."""

from __future__ import annotations

import contextlib
import logging
from typing import TYPE_CHECKING, Any

from target_contentsquare.delivery.batches import Row
from target_contentsquare.delivery.memory.numbers import NO_NUMBER_LEFT
from target_contentsquare.delivery.origin import Origin, Source
from target_contentsquare.delivery.outbox import Limits
from target_contentsquare.delivery.rate.project_rate import ProjectRate
from target_contentsquare.delivery.rate.rates import Rates
from target_contentsquare.delivery.rejected_rows import RejectedRows
from target_contentsquare.delivery.rejects import Rejection
from target_contentsquare.delivery.summary.summary import Summary
from target_contentsquare.enrichment import Enrichment, Integration
from target_contentsquare.errors import FatalError, OutputError
from target_contentsquare.singer.results.state import StateKeeper
from tests.simulation.observed import ObservedOutbox
from tests.simulation.observer import Observer
from tests.simulation.scenario import FIXED, STREAMS, InputRow, Pause, State
from tests.simulation.world import Crash, SeededExecutor, World, require

if TYPE_CHECKING:
    from collections import Counter

    from target_contentsquare.delivery.batches import Batch
    from target_contentsquare.delivery.memory.on_its_way import OnItsWay
    from tests.simulation.contentsquare import Contentsquare
    from tests.simulation.memory import SimulatedMemory
    from tests.simulation.scenario import Attempt, Scenario


class _KeyedSource(Source):
    def key_of(self, raw: Any) -> bytes:
        return b"%d" % raw.id


class SimulatedRun:
    """A run that stands for one process.

    Attributes:
        succeeded: Whether the run read and delivered everything.
        all_refused: Whether it ended since the first rows were all refused.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - what a run consists of
        self,
        world: World,
        server: Contentsquare,
        scenario: Scenario,
        attempt: Attempt,
        memory: SimulatedMemory | None,
        events: Counter[str],
    ) -> None:
        self.succeeded = self.all_refused = False
        self._world, self._server, self._scenario = world, server, scenario
        self._attempt, self._events = attempt, events
        self._observer = Observer(world, scenario, server, events)
        self._summary = Summary(world.clock)
        self._sources = {name: _KeyedSource(name) for name in (*STREAMS, FIXED)}
        self._stop_at = world.steps + attempt.stop_at_step
        self._stopped = self._stdout_error_raised = False
        self._tokens = server.begin_run(attempt.faults)
        self._memory = memory
        on_its_way = memory.begin_run(attempt, events) if memory else None
        self._outbox = self._make_outbox(on_its_way)
        self._intake = memory.before(self._outbox) if memory else self._outbox
        world.before_sleep = self._observer.before_sleep
        world.after_step = self._stop_if_it_is_time

    def _make_outbox(self, on_its_way: OnItsWay | None) -> ObservedOutbox:
        attempt, world, observer = self._attempt, self._world, self._observer
        keeps_rejected = attempt.max_rejected is not None
        log = _silent_logger()
        self._states = StateKeeper(
            self._write_state,
            sync=self._sync,
            oldest_unsettled=lambda: self._outbox.oldest_unsettled,
            clock=world.clock,
        )
        self._states.enable()
        self._rejected = RejectedRows(
            observer.file if keeps_rejected else None,
            attempt.max_rejected or 0,
            self._summary,
            log,
        )
        return ObservedOutbox(
            observer,
            self._send,
            Limits(self._scenario.batch_rows, self._scenario.max_in_flight),
            self._rejected,
            ages=self._summary.ages,
            rates=self._make_rates(),
            on_settled=self._states.print_due,
            executor=SeededExecutor(world, observer, attempt.faults),
            clock=world.clock,
            sleep=world.sleep,
            notify=world.notify,
            log=log,
            on_its_way=on_its_way,
        )

    def _sync(self) -> None:
        self._observer.file.sync()
        if self._memory is not None:
            self._memory.store.commit()

    def _make_rates(self) -> Rates:
        scenario, random = self._scenario, self._world.random
        return Rates(
            max_in_flight=scenario.max_in_flight,
            new_rate=lambda: ProjectRate(
                max_in_flight=scenario.max_in_flight,
                max_retry_seconds=scenario.max_retry_seconds,
                random=random.random,
            ),
        )

    def _send(self, batch: Batch) -> None:
        self._tokens.call(
            batch.project_id, lambda token: self._server.post(token, batch)
        )

    def _write_state(self, state: bytes) -> None:
        if self._observer.stdout_closed:
            require(not self._stdout_error_raised, "it tries a closed stdout again")
            self._stdout_error_raised = True
            raise OutputError("stdout is closed")
        self._observer.state_printed(state)

    def execute(self, first: int) -> int:
        """Process the messages from `first` on, as `TargetContentsquare.run` does.

        Returns:
            The last state printed, as its place in the input; -1 for none.
        """
        try:
            self._read_and_finish(first)
            self._rejected.close()
            self._require_counts()
        except Crash:
            self._events["crash"] += 1
            self._lose_requests()
            if self._memory is not None:
                self._memory.lose_what_is_not_committed()
        finally:
            self._server.fatal = False
        return self._observer.states.printed

    def _read_and_finish(self, first: int) -> None:
        try:
            self._read(first)
            self._intake.flush()
            self._states.print_newest()
        except FatalError as error:
            self._events[f"failed: {type(error).__name__}"] += 1
            self.all_refused = "refuses every row" in str(error)
            if self.all_refused:
                self._observer.require_all_refused()
            self._give_up()
        else:
            self._observer.run_ends(succeeded=True)
            total = self._summary.total
            require(not total.unsettled, f"it does not add up: {total}")
            self.succeeded = not self._stopped

    def _give_up(self) -> None:
        self._observer.failed = self._observer.states.ended = True
        self._outbox.finish()
        if self._memory is not None:
            self._memory.store.commit()
        with contextlib.suppress(FatalError):
            self._states.print_newest()
        if not self._observer.stdout_closed:
            self._observer.run_ends(succeeded=False)

    def _require_counts(self) -> None:
        counts, observer = self._summary.total, self._observer
        require(self._outbox.requests == observer.requests, "requests are miscounted")
        require(counts.delivered == observer.delivered, "delivered rows are miscounted")
        require(counts.unchanged == observer.unchanged, "unchanged are miscounted")
        unnumbered = counts.dropped[NO_NUMBER_LEFT]
        require(unnumbered == observer.unnumbered, "dropped rows are miscounted")
        require(counts.merged == observer.merged, "merged rows are miscounted")
        rejected = counts.rejected.total()
        require(rejected == observer.file.rows, "rejected rows are miscounted")
        require(rejected <= (self._attempt.max_rejected or 0), "too many are rejected")

    # The tap

    def _read(self, first: int) -> None:
        rows = sum(
            isinstance(message, InputRow) for message in self._scenario.messages[:first]
        )
        random = self._world.random
        for message in self._scenario.messages[first:]:
            if self._stopped:
                break
            if random.random() < 0.2:
                self._world.work(random.choice((0.0, 0.001, 0.1, 1.0)))
            if self._memory is not None and random.random() < 0.05:
                self._tick()
            if isinstance(message, State):
                self._observer.state_read(message, rows)
                self._states.take(b"%d" % message.place, self._intake.position)
                self._states.print_due()
            elif isinstance(message, Pause):
                self._pause(message.seconds)
            else:
                rows += 1
                self._put_row(message)

    def _pause(self, seconds: float) -> None:
        until = self._world.now + seconds
        while self._world.now < until and not self._stopped:
            self._tick()
            self._world.work(min(until - self._world.now, max(1.0, seconds / 10)))
        self._tick()

    def _tick(self) -> None:
        self._intake.tick()
        self._states.print_due()

    def _put_row(self, row: InputRow) -> None:
        counts = self._summary.counts(row.stream)
        counts.read += 1
        place = counts, self._sources[row.stream], row.number, row, 0, None
        if row.outcome == "dropped":
            counts.dropped["session_too_old"] += 1
        elif row.outcome == "invalid":
            self._rejected.add(Origin(*place), Rejection("wrong_type", None, ""))
        else:
            self._observer.row_read(row)
            fields = {"value": row.value, "refused": row.outcome == "refused"}
            enrichment = Enrichment(row.key[1], row.key[2], row.key[3], fields)
            put = Row(*place, enrichment)
            self._intake.put(row.key, Integration(row.version), put)

    # Stops

    def _stop_if_it_is_time(self) -> None:
        stop = self._attempt.stop
        if stop == "none" or self._world.steps < self._stop_at:
            return
        if stop == "crash":
            raise Crash
        if stop == "signal" and not self._stopped:
            self._events["signal"] += 1
            self._stopped = self._observer.hurried = True
            self._outbox.hurry()
            self._world.notify()
        self._server.fatal |= stop == "fatal"
        self._observer.stdout_closed |= stop == "stdout"

    def _lose_requests(self) -> None:
        """Let a random half of the events that are to come happen after a crash."""
        self._world.after_step = lambda: None
        for event in self._world.forget_events():
            if self._world.random.random() < 0.5:
                event()
        self._world.forget_events()


def _silent_logger() -> logging.Logger:
    logger = logging.getLogger("simulation")
    logger.setLevel(logging.CRITICAL)
    return logger
