"""The table of calls in the warehouse, and what Contentsquare should hold of it."""

import json
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from tests.pipeline.enrichments import PROJECT, Enrichments
from tests.pipeline.warehouse import Warehouse

_SQL = Path(__file__).with_name("sql")


@dataclass(frozen=True)
class CallsTable:
    """The table, filled anew; nothing here knows how the target works.

    Attributes:
        now: What counts as now: all times in the table are told from it.
        seed: Of what is in the rows.
    """

    warehouse: Warehouse
    now: datetime
    seed: int

    @classmethod
    def filled(cls, warehouse: Warehouse, *, rows: int, seed: int) -> "CallsTable":
        """Make the table as a dbt model would leave it."""
        print(f"calls table: seed {seed}")  # noqa: T201 - to have it in a failure
        table = cls(warehouse, datetime.now(timezone.utc), seed)
        table._run("call_enrichments", rows=rows)
        return table

    def change(self, *, new: int) -> None:
        """Add new rows, and change every 300th of those there are."""
        self._run("later_changes", new=new)

    def last_update(self) -> datetime:
        """When the latest row was updated."""
        (text,) = self._run("last_update")
        return datetime.fromisoformat(text)

    def rows_until(self, moment: datetime) -> int:
        """How many rows were updated then or before."""
        (count,) = self._run("rows_until", moment=moment)
        return int(count)

    def enrichments(
        self, since: str | datetime = "-infinity", until: str | datetime = "infinity"
    ) -> Enrichments:
        """What the rows updated in this time, both ends included, should become."""
        lines = self._run("expected_enrichments", since=since, until=until)
        rows = (json.loads(line) for line in lines)
        return {(PROJECT, user, session, 1): fields for user, session, fields in rows}

    def _run(self, name: str, **variables: object) -> list[str]:
        variables = {"now": self.now, "seed": self.seed, **variables}
        return self.warehouse.run(_SQL / f"{name}.sql", **variables)
