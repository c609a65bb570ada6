"""The benchmark's rows as Arrow record batches, and what their way costs."""

from __future__ import annotations

import json
import logging
import time
from concurrent.futures import Executor, Future
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from benchmarks.singer_input import INTEGRATION_SCHEMA, MAPPED
from target_contentsquare.delivery.clock import Clock
from target_contentsquare.delivery.sending.wakeup import Wakeup
from target_contentsquare.pipeline import Pipeline
from target_contentsquare.spark.columns import SparkColumn
from target_contentsquare.spark.config import read_config
from target_contentsquare.spark.plan import make_plan
from target_contentsquare.spark.task.task import put_all

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from target_contentsquare.delivery.batches import Batch

# As Spark hands them on by default.
_ROWS_IN_BATCH = 10_000
_TYPES: dict[str, tuple[str, pa.DataType]] = {
    "user_id": ("string", pa.string()),
    "session_number": ("bigint", pa.int64()),
    "session_started_at": ("timestamp", pa.timestamp("us", "UTC")),
    "call_center_name": ("string", pa.string()),
    "call_duration": ("int", pa.int32()),
    "call_client_rating": ("double", pa.float64()),
    "has_called": ("boolean", pa.bool_()),
    "call_date": ("timestamp", pa.timestamp("us", "UTC")),
}


def table_of(source: Path) -> pa.Table:
    """Return the rows of a Singer input of the benchmarks."""
    records = []
    for line in source.read_text(encoding="utf-8").splitlines():
        message = json.loads(line)
        if message["type"] == "RECORD":
            records.append(message["record"])
    return pa.Table.from_arrays(
        [
            pa.array(
                [_value(record[name], spark_type) for record in records], arrow_type
            )
            for name, (spark_type, arrow_type) in _TYPES.items()
        ],
        names=list(_TYPES),
    )


def cpu_seconds(table: pa.Table) -> float:
    """Return the CPU time from record batches to batches that are encoded as JSON.

    Raises:
        RuntimeError: Rows are missing.
    """
    config = read_config(
        {
            "dry_run": True,
            "project_id": 162,
            "integration_schema": INTEGRATION_SCHEMA,
            "fields": {name: name for name in MAPPED},
        }
    )
    plan = make_plan(
        config, [SparkColumn(n, spark_type) for n, (spark_type, _) in _TYPES.items()]
    )
    pipeline = _encoding_pipeline(replace(config.settings, dry_run=True))
    stream = pipeline.stream(plan.stream, plan.columns)
    assert stream is not None  # noqa: S101 - the config has its mapping
    batches = table.to_batches(_ROWS_IN_BATCH)
    began = time.process_time()
    put_all(stream, batches, pipeline.tick)
    pipeline.flush()
    seconds = time.process_time() - began
    if pipeline.close().total.delivered != table.num_rows:
        raise RuntimeError("rows are missing")
    return seconds


def _encoding_pipeline(settings: Any) -> Pipeline:
    def send(batch: Batch) -> None:
        batch.encoded()

    return Pipeline(
        settings,
        send,
        connection=None,
        executor=_AtOnce(),
        memory=None,
        rejects=None,
        log=logging.getLogger("benchmarks"),
        on_settled=lambda: None,
        clock=Clock(),
        wakeup=Wakeup(),
        logs_progress=False,
    )


class _AtOnce(Executor):
    """Runs calls in the thread that submits them."""

    def submit(
        self, call: Callable[..., Any], /, *args: Any, **options: Any
    ) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(call(*args, **options))
        return future


def _value(value: Any, spark_type: str) -> Any:
    return (
        datetime.fromisoformat(value.replace("Z", "+00:00"))
        if spark_type == "timestamp"
        else value
    )
