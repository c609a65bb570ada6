"""A memory whose processes crash around commits, and lose what was not committed."""

from __future__ import annotations

import logging
import sqlite3
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from target_contentsquare.delivery.clock import Clock
from target_contentsquare.delivery.memory.database import TABLES
from target_contentsquare.delivery.memory.on_its_way import OnItsWay
from target_contentsquare.delivery.memory.recall import Recall
from target_contentsquare.delivery.memory.store import Place, Store
from tests.simulation.world import Crash, World

if TYPE_CHECKING:
    from collections import Counter

    from target_contentsquare.delivery.outbox import Outbox
    from tests.simulation.scenario import Attempt, MemoryUse


class SimulatedMemory:
    """The memory that all runs of a scenario share.

    Attributes:
        store: That of the current run.
    """

    def __init__(self, world: World, use: MemoryUse) -> None:
        self._world = world
        self._use = use
        self._connection = sqlite3.connect(":memory:", isolation_level=None)
        self._connection.executescript(TABLES)

    def begin_run(self, attempt: Attempt, events: Counter[str]) -> OnItsWay:
        """Return what a new process knows of its rows."""
        chance = self._use.commit_fails if attempt.stop == "crash" else 0.0
        self.store = _CrashingStore(self._connection, self._world, chance, events)
        self._on_its_way = OnItsWay(self.store, Clock(self._world.clock, self._now))
        return self._on_its_way

    def before(self, outbox: Outbox) -> Recall:
        """Return what rows go through before an outbox."""
        return Recall(
            outbox,
            self.store,
            self._on_its_way,
            lambda project: Place("simulated", project or 0, ""),
            log=logging.getLogger("simulation"),
            gives_numbers=self._use.gives_numbers,
            resends=self._world.random.random() < self._use.resends,
            rows_at_once=self._use.rows_at_once,
        )

    def lose_what_is_not_committed(self) -> None:
        """Roll back, as SQLite does after a crash."""
        self._connection.rollback()

    def close(self) -> None:
        """Close the database."""
        self._connection.close()

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._world.now, timezone.utc)


class _CrashingStore(Store):
    def __init__(
        self,
        connection: sqlite3.Connection,
        world: World,
        chance: float,
        events: Counter[str],
    ) -> None:
        super().__init__(connection, Path("simulated"))
        self._world = world
        self._chance = chance
        self._events = events

    def commit(self) -> None:
        self._crash("before")
        super().commit()
        self._crash("after")

    def _crash(self, moment: str) -> None:
        if self._chance and self._world.random.random() < self._chance:
            self._events[f"crash {moment} a commit"] += 1
            raise Crash
