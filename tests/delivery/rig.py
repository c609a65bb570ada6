"""A delivery whose requests take a second of no real time each."""

from __future__ import annotations

import logging
from concurrent.futures import Executor, Future
from random import Random
from typing import TYPE_CHECKING

from target_contentsquare.delivery.batches import Batch, Row
from target_contentsquare.delivery.origin import Source
from target_contentsquare.delivery.rate.project_rate import ProjectRate
from target_contentsquare.delivery.rate.rates import Rates
from target_contentsquare.delivery.sending.in_flight import Callbacks, InFlight
from target_contentsquare.delivery.summary.summary import StreamCounts
from target_contentsquare.delivery.trouble.trouble_log import TroubleLog
from target_contentsquare.enrichment import Enrichment, Integration
from target_contentsquare.errors import (
    ApiError,
    BatchRefusedError,
    BatchUndeliverableError,
    FatalError,
    RetryableError,
)
from tests.simulation.world import World

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from target_contentsquare.enrichment import Key

REFUSED = BatchRefusedError("HTTP 400")
NOT_COVERED = BatchUndeliverableError("invalid_project_id", "project_id", "403")
TROUBLE = RetryableError("HTTP 503")
FATAL = ApiError("HTTP 403")


def batch(users: Sequence[str], project: int = 162) -> Batch:
    """A batch with one row for each of the users."""
    counts, source = StreamCounts("calls"), Source("calls")
    first = 1000 * ord(min(users))
    rows: dict[Key, Row] = {
        (project, user, 1, 1): Row(
            counts,
            source,
            at + 1,
            user,
            0,
            None,
            Enrichment(user, 1, 1, {}),
            first + at,
        )
        for at, user in enumerate(users)
    }
    return Batch(project, Integration(3), rows)


def users_of(batch: Batch) -> str:
    return "".join(row.enrichment.user_id for row in batch.rows.values())


def working_rates(max_in_flight: int, max_seconds: float = 300.0) -> Rates:
    """Rates that know, of project 162, that Contentsquare works; without jitter."""
    rates = Rates(
        max_in_flight=max_in_flight,
        new_rate=lambda: ProjectRate(
            max_in_flight=max_in_flight,
            max_retry_seconds=max_seconds,
            random=lambda: 0.5,
        ),
    )
    rate = rates.of(162)
    rate.worked(rate.started(0.0), 0.0)
    return rates


class DeliveryRig(Executor):
    """A delivery whose requests take a second of no real time each.

    Attributes:
        answers: By users, what each attempt with them is answered; else it is taken.
        bad: Users that no batch may hold.
        fails: By the name of a callback, what it raises.
        seconds: By users, how long a request takes.
        sent: When and what, in order.
        in_flight: Requests that are being made.
        unsettled: What was unsettled each time that changed.
    """

    def __init__(self, max_in_flight: int = 4, max_seconds: float = 300.0) -> None:
        self.world = World(Random(0))  # noqa: S311 - repeatable on purpose
        self.world.now = 0.0
        self.answers: dict[str, list[Exception | None]] = {}
        self.bad: set[str] = set()
        self.fails: dict[str, FatalError] = {}
        self.seconds: dict[str, float] = {}
        self.sent: list[tuple[float, str]] = []
        self.delivered: list[str] = []
        self.rejected: list[str] = []
        self.unsettled: list[list[str]] = []
        self.in_flight = 0
        self.rates = working_rates(max_in_flight, max_seconds)
        self.delivery = InFlight(
            self.send,
            Callbacks(
                self.on_delivered,
                self.on_rejected,
                self.on_undeliverable,
                self.on_settled,
                self.before_sending,
            ),
            executor=self,
            max_in_flight=max_in_flight,
            rates=self.rates,
            trouble=TroubleLog(self.rates, logging.getLogger("rig")),
            clock=self.world.clock,
            sleep=self.world.sleep,
            notify=self.world.notify,
        )

    def submit(  # type: ignore[override]
        self, send: Callable[[Batch], None], batch: Batch
    ) -> Future[None]:
        users, future = users_of(batch), Future[None]()
        self.sent.append((self.world.now, users))
        self.in_flight += 1
        seconds = self.seconds.get(users, 1.0)
        self.world.after(seconds, lambda: self.finish(future, send, batch))
        return future

    def finish(
        self, future: Future[None], send: Callable[[Batch], None], batch: Batch
    ) -> None:
        self.in_flight -= 1
        try:
            send(batch)
        except Exception as error:  # noqa: BLE001 - as an executor does
            future.set_exception(error)
        else:
            future.set_result(None)

    def send(self, batch: Batch) -> None:
        if self.bad.intersection(users_of(batch)):
            raise REFUSED
        answers = self.answers.get(users_of(batch))
        if answers and (error := answers.pop(0)) is not None:
            raise error

    def on_delivered(self, batch: Batch) -> None:
        self.delivered.append(users_of(batch))

    def on_rejected(self, batch: Batch, error: BatchRefusedError) -> None:
        assert error.status == 400
        if "on_rejected" in self.fails:
            raise self.fails["on_rejected"]
        self.rejected.append(users_of(batch))

    def on_undeliverable(self, batch: Batch, error: BatchUndeliverableError) -> None:
        assert error is NOT_COVERED
        self.rejected.append(users_of(batch))

    def on_settled(self) -> None:
        if "on_settled" in self.fails:
            raise self.fails["on_settled"]
        unsettled = sorted(map(users_of, self.delivery.unsettled))
        if self.unsettled[-1:] != [unsettled]:
            self.unsettled.append(unsettled)

    def before_sending(self) -> None:
        if "before_sending" in self.fails:
            raise self.fails["before_sending"]

    def put(self, *batches: str) -> None:
        for users in batches:
            self.delivery.submit(batch(users))

    @property
    def order(self) -> list[str]:
        return [users for _, users in self.sent]
