"""A job without Spark: record batches go through the tasks to a sandbox."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

import pyarrow as pa

from target_contentsquare.delivery.summary.summary import Summary
from target_contentsquare.sandbox import Sandbox
from target_contentsquare.spark.columns import SparkColumn
from target_contentsquare.spark.config import JobConfig, read_config
from target_contentsquare.spark.outcome import conclude
from target_contentsquare.spark.plan import make_plan
from target_contentsquare.spark.task.task import TaskResult, run_task

#: An hour ago, as Spark's microseconds since 1970.
AN_HOUR_AGO = datetime.now(timezone.utc).replace(microsecond=0) - timedelta(hours=1)
#: Spark's names of types, and the Arrow types in which it hands them on.
ARROW_TYPES: Mapping[str, pa.DataType] = {
    "string": pa.string(),
    "boolean": pa.bool_(),
    "tinyint": pa.int8(),
    "int": pa.int32(),
    "bigint": pa.int64(),
    "float": pa.float32(),
    "double": pa.float64(),
    "timestamp": pa.timestamp("us", "Europe/Paris"),
    "timestamp_ntz": pa.timestamp("us"),
    "date": pa.date32(),
    "decimal(10,2)": pa.decimal128(10, 2),
    "decimal(20,0)": pa.decimal128(20, 0),
    "void": pa.null(),
}


@dataclass(frozen=True)
class Frame:
    """A DataFrame of one partition: its columns' types, and their values."""

    types: Mapping[str, str]
    values: Mapping[str, Sequence[Any]]

    @property
    def columns(self) -> list[SparkColumn]:
        return [SparkColumn(name, type_) for name, type_ in self.types.items()]

    @property
    def batch(self) -> pa.RecordBatch:
        arrays = [
            pa.array(self.values[name], ARROW_TYPES[type_])
            for name, type_ in self.types.items()
        ]
        return pa.RecordBatch.from_arrays(arrays, names=list(self.types))


def frame(rows: int = 1, **columns: tuple[str, Any]) -> Frame:
    """Return rows of as many users, `u-0` and following, with these columns.

    Args:
        columns: The type of each, and its value in every row.
    """
    types = {"user_id": "string", "session_number": "bigint"}
    values: dict[str, Sequence[Any]] = {
        "user_id": [f"u-{n}" for n in range(rows)],
        "session_number": [1] * rows,
    }
    for name, (type_, value) in columns.items():
        types[name] = type_
        values[name] = [value] * rows
    return Frame(types, values)


def config_for(sandbox: Sandbox, **settings: Any) -> JobConfig:
    """Return a job's settings that deliver to a sandbox."""
    return read_config(
        {
            "client_id": sandbox.client_id,
            "client_secret": sandbox.client_secret,
            "auth_url": sandbox.auth_url,
            "project_id": 162,
            **settings,
        }
    )


def run(config: JobConfig, *partitions: Frame) -> Summary:
    """Run a job whose DataFrame has these partitions, one task after the other."""
    plan = make_plan(config, partitions[0].columns)
    return conclude(config, plan, results(config, *partitions))


def results(config: JobConfig, *partitions: Frame) -> list[TaskResult]:
    plan = make_plan(config, partitions[0].columns)
    return [
        run_task(plan, number, [partition.batch])
        for number, partition in enumerate(partitions)
    ]


def sent(sandbox: Sandbox) -> list[Mapping[str, object]]:
    """Return the fields of the enrichments that the sandbox holds."""
    return list(sandbox.enrichments.values())
