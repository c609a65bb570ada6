import os
import time
from collections.abc import Iterator
from datetime import date, datetime, timezone
from decimal import Decimal

import pytest

from target_contentsquare.spark.columns import SparkColumn
from target_contentsquare.spark.rows import record_batches
from target_contentsquare.spark.task.values import columns_of


@pytest.fixture
def _paris(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the process be in another zone than UTC, as an executor may be."""
    before = os.environ.get("TZ")
    monkeypatch.setenv("TZ", "Europe/Paris")
    time.tzset()
    yield
    monkeypatch.setenv("TZ", before) if before else monkeypatch.delenv("TZ")
    time.tzset()


@pytest.mark.usefixtures("_paris")
def test_rows_become_the_values_that_arrow_would_have_brought() -> None:
    columns = [
        SparkColumn("s", "string"),
        SparkColumn("t", "timestamp"),
        SparkColumn("n", "timestamp_ntz"),
        SparkColumn("d", "decimal(10,2)"),
        SparkColumn("f", "float"),
        SparkColumn("day", "date"),
        SparkColumn("nothing", "void"),
    ]
    row = {
        "s": "x",
        "t": datetime(2026, 11, 24, 20, 2),  # noqa: DTZ001 - as Spark gives it
        "n": datetime(2026, 11, 24, 20, 2),  # noqa: DTZ001 - as Spark gives it
        "d": Decimal("5.00"),
        "f": 4.099999904632568,
        "day": date(2026, 11, 24),
        "nothing": None,
        "tags": ["x"],
    }
    batches = list(record_batches([row] * 1001, columns))
    assert [batch.num_rows for batch in batches] == [1000, 1]
    names = [column.name for column in columns]
    assert [list(zip(*p, strict=True)) for p in columns_of(batches[1], names, 10)] == [
        [
            (
                "x",
                datetime(2026, 11, 24, 19, 2, tzinfo=timezone.utc),
                datetime(2026, 11, 24, 20, 2, tzinfo=timezone.utc),
                "5.00",
                4.1,
                "2026-11-24",
                None,
            )
        ]
    ]
