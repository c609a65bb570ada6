"""A task: the rows of one partition, sent, and what became of them."""

from __future__ import annotations

import gc
import pickle
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from target_contentsquare.delivery.origin import Source, Together
from target_contentsquare.errors import TooManyRejectedError
from target_contentsquare.spark.task.typed import columns_check, row_check
from target_contentsquare.spark.task.values import as_json, columns_of
from target_contentsquare.spark.task.worker import close_worker, worker_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    import pyarrow as pa

    from target_contentsquare.delivery.summary.session_ages import AgeCounts
    from target_contentsquare.delivery.summary.summary import StreamCounts
    from target_contentsquare.mapping.columns import Column
    from target_contentsquare.report.mapped_stream import MappedStream
    from target_contentsquare.settings.settings import Settings
    from target_contentsquare.spark.task.kept_rows import KeptRow
    from target_contentsquare.stream import Stream

# Rows that become Python objects together, so that memory does not grow with Spark's
# batches, and the pipeline is looked after every few milliseconds.
_ROWS_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class TaskPlan:
    """What every task of a job needs, made on the driver and pickled.

    Attributes:
        stream: The mapping's name in `settings`.
        settings: Pickled; tasks with the same bytes share their worker's sender.
        columns: Those that are mapped, in the order of a kept row's values.
        mapped: What the mapping makes of them, for the report.
        keeps_rejected: Whether rejected rows have a place to go.
        max_kept: Rejected rows that a task keeps at most.
    """

    stream: str
    settings: bytes
    columns: tuple[Column, ...]
    mapped: MappedStream
    keeps_rejected: bool
    max_kept: int


@dataclass(frozen=True, slots=True)
class TaskResult:
    """What became of a partition's rows.

    Attributes:
        rejected: The rejected rows, to be written by the driver.
        failure: Why the task ended before its last row; only ever too many rejected
            rows, which another attempt would not change.
    """

    counts: StreamCounts
    ages: AgeCounts
    requests: int
    seconds: float
    rejected: tuple[KeptRow, ...]
    failure: str | None = None


class Partition(Source, kw_only=True):
    """A partition as the source of rows.

    Attributes:
        number: Spark's, from 0.
    """

    number: int

    def where(self, number: int) -> str:
        """Return a row's name for messages."""
        return f"partition {self.number}, row {number}"


class _Rows(Together):
    """Rows that were made of a record batch together.

    Args:
        first: Number of the first one among those of its partition.
    """

    def __init__(self, rows: Sequence[tuple[Any, ...]], first: int) -> None:
        self._rows = rows
        self._first = first

    def row(self, number: int) -> tuple[Any, ...]:
        """Return a row by itself."""
        return self._rows[number - self._first]


def run_task(
    plan: TaskPlan, partition: int, batches: Iterable[pa.RecordBatch]
) -> TaskResult:
    """Send the rows of a partition, and return what became of them.

    Raises:
        FatalError: They can't be delivered; Spark tries the task again.
    """
    worker = worker_for(plan.settings, keeps_rejected=plan.keeps_rejected)
    began = time.monotonic()
    failure = None
    try:
        requests, counts = worker.begin(plan.stream, plan.max_kept)
        with worker.fence:
            source = Partition(name=plan.stream, number=partition)
            stream = worker.pipeline.stream(plan.stream, plan.columns, source=source)
            assert stream is not None  # noqa: S101 - the driver looked
            put_all(stream, batches, worker.pipeline.tick)
            worker.pipeline.flush()
    except TooManyRejectedError as error:
        failure = str(error)
        close_worker(worker)
    except BaseException:
        close_worker(worker)
        raise
    return TaskResult(
        counts=counts,
        ages=worker.pipeline.summary.ages.take(),
        requests=worker.pipeline.summary.requests - requests,
        seconds=time.monotonic() - began,
        rejected=worker.kept.take(),
        failure=failure,
    )


def pickled(settings: Settings) -> bytes:
    """Return settings as `TaskPlan` has them."""
    return pickle.dumps(settings)


def put_all(
    stream: Stream,
    batches: Iterable[pa.RecordBatch],
    tick: Callable[[], None],
) -> None:
    """Put the rows of record batches into a stream.

    Args:
        tick: Called after every 1,000 rows.

    Raises:
        FatalError: The rows can't be delivered.
    """
    names = [column.name for column in stream.columns]
    are_typed = columns_check(stream.columns)
    is_typed = row_check(stream.columns)
    with rare_garbage_collection():
        for batch in batches:
            for values in columns_of(batch, names, _ROWS_AT_ONCE):
                rows = [*zip(*values, strict=True)]
                if are_typed(values):
                    together = _Rows(rows, stream.rows + 1)
                    stream.put_typed(rows, together, 0, _decode_untyped)
                else:
                    _put_each(stream, rows, is_typed)
                tick()


def _put_each(
    stream: Stream,
    rows: Iterable[tuple[Any, ...]],
    is_typed: Callable[[tuple[Any, ...]], bool],
) -> None:
    for row in rows:
        if is_typed(row):
            stream.put_typed([row], row, 0, _decode_untyped)
        else:
            stream.put_untyped(row, _decode_untyped)


@contextmanager
def rare_garbage_collection() -> Iterator[None]:
    """Look for reference cycles less often: rows make none. Saves 8 % of the CPU time.

    The process runs other tasks afterwards, so that the thresholds are put back.
    """
    before = gc.get_threshold()
    gc.set_threshold(50_000, 20, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _decode_untyped(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(map(as_json, row))
