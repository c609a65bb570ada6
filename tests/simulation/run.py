"""One run of the target's core, from what the tap gives to its end."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, cast

from target_contentsquare.delivery.outbox import Limits, Outbox
from target_contentsquare.delivery.retry import RetryPolicy
from target_contentsquare.delivery.summary import Summary
from target_contentsquare.enrichment import Enrichment
from target_contentsquare.errors import FatalError, OutputError
from target_contentsquare.singer.origin import Origin, Source
from target_contentsquare.singer.rejected_file import RejectedFile, Rejection
from tests.simulation.scenario import Given, Silence, State
from tests.simulation.witness import Witness
from tests.simulation.world import Crash, SeededExecutor, World, demand

if TYPE_CHECKING:
    from collections import Counter

    from target_contentsquare.enrichment import Batch
    from tests.simulation.contentsquare import Contentsquare
    from tests.simulation.scenario import Attempt, Scenario


class SimulatedRun:
    """One process, as it were.

    Attributes:
        succeeded: It read everything and delivered it.
    """

    def __init__(
        self,
        world: World,
        server: Contentsquare,
        story: Scenario,
        attempt: Attempt,
        seen: Counter[str],
    ) -> None:
        self.succeeded = False
        self._world, self._server, self._story = world, server, story
        self._attempt, self._seen = attempt, seen
        self._witness = Witness(world, story, seen)
        self._summary = Summary(world.clock)
        self._counts = self._summary.counts("calls")
        self._source = Source("calls", {"stream": "calls"})
        self._stop_at = world.steps + attempt.stop_at_step
        self._stopped = self._refused_to_print = False
        self._tokens = server.begin_run(attempt.weather)
        self._outbox = self._make_outbox()
        world.before_sleep = self._witness.looks
        world.after_step = self._stop_if_it_is_time

    def _make_outbox(self) -> Outbox:
        attempt, world = self._attempt, self._world
        keeps_rejected = attempt.max_rejected is not None
        outbox = Outbox(
            self._send,
            self._limits(),
            self._summary,
            cast("RejectedFile", self._witness.file) if keeps_rejected else None,
            executor=SeededExecutor(world, self._witness, attempt.weather),
            write_state=self._write_state,
            clock=world.clock,
            sleep=world.sleep,
            notify=world.notify,
            logger=_silent_logger(),
        )
        outbox.enable_state()
        return outbox

    def _limits(self) -> Limits:
        def jitter(wait: float) -> float:
            return self._world.random.uniform(0, wait)

        return Limits(
            batch_rows=self._story.batch_rows,
            max_in_flight=self._story.max_in_flight,
            max_rejected=self._attempt.max_rejected or 0,
            retry=RetryPolicy(self._story.max_retry_seconds, jitter),
        )

    def _send(self, batch: Batch) -> None:
        self._tokens.call(
            batch.project_id, lambda token: self._server.post(token, batch)
        )

    def _write_state(self, state: bytes) -> None:
        if self._witness.stdout_closed:
            demand(not self._refused_to_print, "it tries a closed stdout again")
            self._refused_to_print = True
            raise OutputError("nobody reads it")
        self._witness.prints(state)

    def play(self, first: int) -> int:
        """Feed the messages from `first` on, as `TargetContentsquare.run` does.

        Returns:
            The last state printed, as its place in the input; -1 for none.
        """
        try:
            self._read_and_finish(first)
            self._outbox.close()
            self._demand_counts()
        except Crash:
            self._seen["crash"] += 1
            self._lose_requests()
        finally:
            self._server.fatal = False
        return self._witness.states.printed

    def _read_and_finish(self, first: int) -> None:
        try:
            self._read(first)
            self._witness.ships_the_rest()
            self._outbox.finish()
        except FatalError as error:
            self._seen[f"failed: {type(error).__name__}"] += 1
            self._give_up()
        else:
            self._witness.run_is_over(succeeded=True)
            demand(not self._counts.unsettled, f"it does not add up: {self._counts}")
            self.succeeded = not self._stopped

    def _give_up(self) -> None:
        self._witness.failed = self._witness.states.ended = True
        self._outbox.give_up()
        if not self._witness.stdout_closed:
            self._witness.run_is_over(succeeded=False)

    def _demand_counts(self) -> None:
        counts, witness = self._counts, self._witness
        demand(self._summary.requests == witness.requests, "requests are miscounted")
        demand(counts.delivered == witness.delivered, "delivered rows are miscounted")
        demand(counts.merged == witness.merged, "merged rows are miscounted")
        rejected = counts.rejected.total()
        demand(rejected == witness.file.rows, "rejected rows are miscounted")
        demand(rejected <= (self._attempt.max_rejected or 0), "too many are rejected")

    # The tap

    def _read(self, first: int) -> None:
        rows = sum(isinstance(one, Given) for one in self._story.messages[:first])
        random = self._world.random
        for message in self._story.messages[first:]:
            if self._stopped:
                break
            if random.random() < 0.2:
                self._world.work(random.choice((0.0, 0.001, 0.1, 1.0)))
            if isinstance(message, State):
                self._witness.reads_state(message, rows)
                self._outbox.mark(b"%d" % message.place)
            elif isinstance(message, Silence):
                self._be_silent(message.seconds)
            else:
                rows += 1
                self._give_row(message)

    def _be_silent(self, seconds: float) -> None:
        until = self._world.now + seconds
        while self._world.now < until and not self._stopped:
            self._tick()
            self._world.work(min(until - self._world.now, max(1.0, seconds / 10)))
        self._tick()

    def _tick(self) -> None:
        self._witness.ships_what_is_old()
        self._outbox.tick()

    def _give_row(self, given: Given) -> None:
        self._counts.read += 1
        line = b"%d" % given.number
        origin = Origin(self._counts, self._source, given.number, line)
        if given.kind == "dropped":
            self._counts.dropped["session_too_old"] += 1
        elif given.kind == "invalid":
            self._outbox.reject(origin, Rejection("wrong_type", None, ""))
        else:
            self._witness.reads(given)
            fields = {"number": given.number, "bad": given.kind == "bad"}
            enrichment = Enrichment(given.key[1], given.key[2], given.key[3], fields)
            self._outbox.place(given.key, given.version, enrichment, origin)

    # Stops

    def _stop_if_it_is_time(self) -> None:
        stop = self._attempt.stop
        if stop == "none" or self._world.steps < self._stop_at:
            return
        if stop == "crash":
            raise Crash
        if stop == "signal" and not self._stopped:
            self._seen["signal"] += 1
            self._stopped = self._witness.hurried = True
            self._outbox.hurry()
            self._world.notify()
        self._server.fatal |= stop == "fatal"
        self._witness.stdout_closed |= stop == "stdout"

    def _lose_requests(self) -> None:
        """What was under way may reach the server or not, but not much later."""
        self._world.after_step = lambda: None
        for happen in self._world.forget_events():
            if self._world.random.random() < 0.5:
                happen()
        self._world.forget_events()


def _silent_logger() -> logging.Logger:
    logger = logging.getLogger("simulation")
    logger.setLevel(logging.CRITICAL)
    return logger
