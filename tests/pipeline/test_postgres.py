from collections.abc import Callable
from datetime import datetime

import pytest

from target_contentsquare.sandbox import Fault, Sandbox
from tests.pipeline.calls_table import CallsTable
from tests.pipeline.enrichments import differences
from tests.pipeline.meltano_project import Pipeline
from tests.pipeline.warehouse import DATABASE, HOST, PASSWORD, USER, Warehouse

ROWS = 100_000
STREAM = "analytics-call_enrichments"
#: Rows after which the tap writes its state.
STATE_EVERY = 10_000


@pytest.fixture
def table(warehouse: Warehouse) -> CallsTable:
    return CallsTable.filled(warehouse, rows=ROWS, seed=20261124)


@pytest.fixture
def from_postgres(pipeline: Callable[..., Pipeline], warehouse: Warehouse) -> Pipeline:
    return pipeline(
        "tap-postgres",
        WAREHOUSE_HOST=HOST,
        WAREHOUSE_PORT=str(warehouse.port),
        WAREHOUSE_USER=USER,
        WAREHOUSE_PASSWORD=PASSWORD,
        WAREHOUSE_DATABASE=DATABASE,
    )


def bookmark(pipeline: Pipeline) -> datetime:
    """Return the time up to which Meltano's stored state covers the table."""
    found = pipeline.bookmarks[STREAM]
    assert found["replication_key"] == "updated_at"
    return datetime.fromisoformat(found["replication_key_value"])


def test_the_first_run_delivers_the_table_and_the_next_what_changed(
    table: CallsTable, from_postgres: Pipeline, sandbox: Sandbox
) -> None:
    assert from_postgres.run().exit_code == 0
    first = sandbox.enrichments
    assert len(first) > ROWS / 2
    assert differences(first, table.enrichments()) == []
    delivered_until = bookmark(from_postgres)
    assert delivered_until == table.last_update()

    table.change(new=500)
    sandbox.reset()
    assert from_postgres.run().exit_code == 0
    second = sandbox.enrichments
    # An INCREMENTAL tap begins with the last row of the run before.
    assert differences(second, table.enrichments(since=delivered_until)) == []
    assert differences({**first, **second}, table.enrichments()) == []
    assert bookmark(from_postgres) == table.last_update()


def test_what_an_outage_cut_off_is_delivered_by_the_next_run(
    table: CallsTable, from_postgres: Pipeline, sandbox: Sandbox
) -> None:
    sandbox.add_fault(
        Fault(after=40, status=429, retry_after=0),
        Fault(after=80, drop="after"),
        Fault(after=120, status=500),
        # Shortly before the tap's state after 70,000 rows. Rows before that state are
        # not delivered, so Meltano must not store it.
        Fault(after=192, status=503, count=None),
    )
    result = from_postgres.run(TARGET_CONTENTSQUARE_MAX_RETRY_SECONDS="1")
    assert result.exit_code != 0
    assert "HTTP 503" in result.loader_errors[-1]
    first = sandbox.enrichments
    reached = bookmark(from_postgres)
    assert result.rows_read > table.rows_until(reached) + STATE_EVERY
    since = table.enrichments(since=reached)
    covered = table.enrichments(until=reached)
    assert 0 < len(covered) < len(first) < len(table.enrichments())
    settled = {key: fields for key, fields in covered.items() if key not in since}
    held = {key: fields for key, fields in first.items() if key in settled}
    assert differences(held, settled) == []

    sandbox.reset()
    assert from_postgres.run().exit_code == 0
    second = sandbox.enrichments
    assert differences(second, since) == []
    assert differences({**first, **second}, table.enrichments()) == []
    assert bookmark(from_postgres) == table.last_update()
