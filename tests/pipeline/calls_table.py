"""The table of calls in the warehouse, and the enrichments expected of it."""

import json
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from tests.pipeline.enrichments import PROJECT, Enrichments
from tests.pipeline.warehouse import Warehouse

_SQL = Path(__file__).with_name("sql")


@dataclass(frozen=True)
class CallsTable:
    """The table; the expected enrichments are computed without the target's code.

    Attributes:
        now: The time from which all times in the table are computed.
        seed: The seed of the values.
    """

    warehouse: Warehouse
    now: datetime
    seed: int

    @classmethod
    def filled(cls, warehouse: Warehouse, *, rows: int, seed: int) -> "CallsTable":
        """Create the table as a dbt model would, in place of the one before."""
        print(f"calls table: seed {seed}")  # noqa: T201 - pytest shows it with a failure
        table = cls(warehouse, datetime.now(timezone.utc), seed)
        table._run("call_enrichments", rows=rows)
        return table

    def change(self, *, new: int) -> None:
        """Add rows, and change every 300th of those that exist."""
        self._run("later_changes", new=new)

    def last_update(self) -> datetime:
        """Return when the latest row was updated."""
        (text,) = self._run("last_update")
        return datetime.fromisoformat(text)

    def rows_until(self, moment: datetime) -> int:
        """Return how many rows were updated at a moment or before."""
        (count,) = self._run("rows_until", moment=moment)
        return int(count)

    def enrichments(
        self, since: str | datetime = "-infinity", until: str | datetime = "infinity"
    ) -> Enrichments:
        """Return what the rows updated in this time become; both ends are included."""
        lines = self._run("expected_enrichments", since=since, until=until)
        rows = (json.loads(line) for line in lines)
        return {(PROJECT, user, session, 1): fields for user, session, fields in rows}

    def _run(self, name: str, **variables: object) -> list[str]:
        variables = {"now": self.now, "seed": self.seed, **variables}
        return self.warehouse.run(_SQL / f"{name}.sql", **variables)
