"""The format `contentsquare`: a data source of Spark 4 that rows are written to.

Spark pickles a writer to send it to the tasks, and commits in another process: nothing
is remembered between the two.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pyspark import TaskContext
from pyspark.sql import datasource
from pyspark.sql.datasource import (
    DataSource,
    DataSourceArrowWriter,
    DataSourceStreamWriter,
    WriterCommitMessage,
)

from target_contentsquare.errors import ConfigError
from target_contentsquare.spark.columns import spark_columns
from target_contentsquare.spark.config import read_options
from target_contentsquare.spark.outcome import conclude, show_log
from target_contentsquare.spark.plan import make_plan, sign_in_once
from target_contentsquare.spark.rejected_file import check_is_new, check_stays
from target_contentsquare.spark.rows import record_batches
from target_contentsquare.spark.send import check_for_stream, of_batch
from target_contentsquare.spark.task.task import TaskResult, run_task

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pyarrow as pa
    from pyspark.sql import Row
    from pyspark.sql.types import StructType

    from target_contentsquare.spark.config import JobConfig
    from target_contentsquare.spark.task.task import TaskPlan

# Of each task, and there is one for each core: the driver can't know how many.
_PARALLEL_REQUESTS = 2
# Spark's own, in small letters: it hands all options of a stream on.
_OPTIONS_OF_STREAMS = (
    "checkpointlocation",
    "asyncprogresstrackingenabled",
    "asyncprogresstrackingcheckpointintervalms",
)
# Spark has these from 4.1 on; on 4.0 a stream brings its rows one by one.
_StreamArrowWriter: Any = getattr(
    datasource, "DataSourceStreamArrowWriter", DataSourceStreamWriter
)
_STREAMS_BRING_ARROW = _StreamArrowWriter is not DataSourceStreamWriter


class ContentsquareDataSource(DataSource):
    """A data source whose rows become enrichments."""

    @classmethod
    def name(cls) -> str:
        """Return the name of the format."""
        return "contentsquare"

    def writer(self, schema: StructType, overwrite: bool) -> DataSourceArrowWriter:  # noqa: FBT001 - Spark's signature
        """Return what writes a batch job, after a check of its settings.

        Raises:
            FatalError: A setting is wrong, or Contentsquare gives no token.
        """
        _refuse_overwrite(overwrite=overwrite)
        config = self._config()
        if config.rejected_path is not None:
            check_is_new(config.rejected_path)
        plan = make_plan(config, spark_columns(schema))
        sign_in_once(config.settings)
        return BatchWriter(config, plan)

    def streamWriter(  # noqa: N802 - Spark's name
        self,
        schema: StructType,
        overwrite: bool,  # noqa: FBT001 - Spark's signature
    ) -> DataSourceStreamWriter:
        """Return what writes the micro-batches of a stream.

        Spark calls it for each of them, and for each commit, so it does not sign in.

        Raises:
            ConfigError: A setting is wrong.
        """
        _refuse_overwrite(overwrite=overwrite)
        config = self._config()
        check_for_stream(config)
        plan = make_plan(config, spark_columns(schema))
        if _STREAMS_BRING_ARROW:
            return StreamWriter(config, plan)
        return StreamRowWriter(config, plan, schema)

    def _config(self) -> JobConfig:
        ours = {k: v for k, v in self.options.items() if k not in _OPTIONS_OF_STREAMS}
        config = read_options(ours, max_parallel_requests=_PARALLEL_REQUESTS)
        for setting in ("rejected_path", "report_path"):
            if (path := getattr(config, setting)) is not None:
                check_stays(setting, path)
        return config


@dataclass(frozen=True)
class Sent(WriterCommitMessage):
    """What a task tells the driver."""

    result: TaskResult


class BatchWriter(DataSourceArrowWriter):
    """Writes a batch job."""

    def __init__(self, config: JobConfig, plan: TaskPlan) -> None:
        self._config = config
        self._plan = plan

    def write(self, iterator: Iterator[pa.RecordBatch]) -> Sent:
        """Send a partition; runs in a task.

        Raises:
            FatalError: The rows can't be delivered.
        """
        return _send(self._plan, iterator)

    def commit(self, messages: Sequence[Any]) -> None:
        """Account for all rows; runs on the driver.

        Raises:
            FatalError: Too many were rejected; they have been written.
        """
        show_log()
        conclude(self._config, self._plan, _results(messages))


class StreamWriter(_StreamArrowWriter):
    """Writes the micro-batches of a stream that come as Arrow."""

    def __init__(self, config: JobConfig, plan: TaskPlan) -> None:
        self._config = config
        self._plan = plan

    def write(self, iterator: Iterator[Any]) -> Sent:
        """Send a partition of a micro-batch; runs in a task.

        Raises:
            FatalError: The rows can't be delivered.
        """
        return _send(self._plan, iterator)

    def commit(self, messages: Sequence[Any], batchId: int) -> None:  # noqa: N803 - Spark's name
        """Account for the rows of a micro-batch; runs on the driver.

        Raises:
            FatalError: Too many were rejected; they have been written.
        """
        show_log()
        config = of_batch(self._config, batchId)
        conclude(config, self._plan, _results(messages))


class StreamRowWriter(StreamWriter):
    """Writes the micro-batches of a stream that come as rows, on Spark 4.0."""

    def __init__(self, config: JobConfig, plan: TaskPlan, schema: StructType) -> None:
        super().__init__(config, plan)
        self._columns = spark_columns(schema)

    def write(self, iterator: Iterator[Row]) -> Sent:
        """Send a partition of a micro-batch; runs in a task.

        Raises:
            FatalError: The rows can't be delivered.
        """
        names = {column.name for column in self._plan.columns}
        mapped = [column for column in self._columns if column.name in names]
        return _send(self._plan, record_batches(iterator, mapped))


def _send(plan: TaskPlan, batches: Iterator[pa.RecordBatch]) -> Sent:
    return Sent(run_task(plan, TaskContext.get().partitionId(), batches))


def _results(messages: Sequence[Any]) -> list[TaskResult]:
    return [message.result for message in messages if message is not None]


def _refuse_overwrite(*, overwrite: bool) -> None:
    if overwrite:
        raise ConfigError(
            "mode: must be append: nothing that Contentsquare holds can be deleted"
        )
