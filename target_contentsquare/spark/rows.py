"""Spark's rows as Arrow, for streams on Spark 4.0, which bring no Arrow."""

from __future__ import annotations

import itertools
import re
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from target_contentsquare.spark.columns import SparkColumn

_ROWS_IN_BATCH = 1_000
_DECIMAL = re.compile(r"decimal\((\d+),(-?\d+)\)")


def record_batches(
    rows: Iterable[Any], columns: Sequence[SparkColumn]
) -> Iterator[pa.RecordBatch]:
    """Yield the rows in record batches that have these columns.

    Args:
        rows: Spark's `Row`s. Their timestamps are naive, in the zone of the worker.
    """
    fields = [(column.name, _arrow_type(column.type)) for column in columns]
    schema = pa.schema(fields)
    names = [column.name for column in columns]
    instants = {column.name for column in columns if column.type == "timestamp"}
    iterator = iter(rows)
    while chunk := list(itertools.islice(iterator, _ROWS_IN_BATCH)):
        arrays = [
            pa.array(
                [_plain(row[name], is_instant=name in instants) for row in chunk],
                schema.field(name).type,
            )
            for name in names
        ]
        yield pa.RecordBatch.from_arrays(arrays, schema=schema)


def _plain(value: Any, *, is_instant: bool) -> Any:
    if is_instant and isinstance(value, datetime):
        return value.astimezone(timezone.utc)
    return value


def _arrow_type(name: str) -> pa.DataType:
    """Return the Arrow type in which Spark itself hands on a type of its own."""
    if decimal := _DECIMAL.fullmatch(name):
        return pa.decimal128(int(decimal[1]), int(decimal[2]))
    types = {
        "boolean": pa.bool_(),
        "tinyint": pa.int8(),
        "smallint": pa.int16(),
        "int": pa.int32(),
        "bigint": pa.int64(),
        "float": pa.float32(),
        "double": pa.float64(),
        "timestamp": pa.timestamp("us", "UTC"),
        "timestamp_ntz": pa.timestamp("us"),
        "date": pa.date32(),
        "void": pa.null(),
    }
    return types.get(name, pa.string())
