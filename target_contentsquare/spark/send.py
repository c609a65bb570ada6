"""`send`: a DataFrame's rows, at once, and the counts come back."""

from __future__ import annotations

import pickle
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from target_contentsquare.errors import ConfigError
from target_contentsquare.spark.columns import spark_columns
from target_contentsquare.spark.config import JobConfig, read_config
from target_contentsquare.spark.newest import Keys, newest_of, spread
from target_contentsquare.spark.outcome import conclude
from target_contentsquare.spark.plan import make_plan, sign_in_once
from target_contentsquare.spark.rejected_file import check_is_new
from target_contentsquare.spark.task.task import TaskPlan, TaskResult, run_task
from target_contentsquare.spark.wording import error_of_task

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    import pyarrow as pa
    from pyspark.sql import DataFrame

    from target_contentsquare.delivery.summary.summary import Summary
    from target_contentsquare.settings.settings import Settings

_DEFAULT_TASKS = 4


def send(
    df: DataFrame,
    *,
    newest_by: str | None = None,
    tasks: int = _DEFAULT_TASKS,
    **settings: Any,
) -> Summary:
    """Send the rows of a DataFrame, now, and return what became of them.

        >>> summary = send(df, config="contentsquare.json", newest_by="updated_at")
        >>> summary.total.delivered
        200000

    Args:
        newest_by: The column that grows with each version of a row: of those with the
            same key, the newest is sent. None: you say that there is one row per key.
        tasks: Spark tasks that send at the same time. `max_parallel_requests` and
            `max_requests_per_second` are totals, and divided by them.
        settings: `config`, the path of a config file or a dict; the target's settings;
            and the keys of a mapping. Environment variables fill in for what is not
            said.

    Raises:
        FatalError: One line that says what happened and what to change. Part of the
            rows may have been sent.
    """
    config = read_config(settings)
    if config.rejected_path is not None:
        check_is_new(config.rejected_path)
    return send_with(df, config, newest_by, tasks)


def send_with(
    df: DataFrame,
    config: JobConfig,
    newest_by: str | None,
    tasks: int,
    *,
    signs_in: bool = True,
) -> Summary:
    """Send as `send` does, with settings that have been checked.

    Args:
        signs_in: Whether to sign in on the driver before any task starts.

    Raises:
        FatalError: See `send`.
    """
    tasks = min(tasks, config.settings.max_parallel_requests)
    shared = replace(config, settings=_share(config.settings, tasks))
    plan = make_plan(shared, spark_columns(df.schema))
    if signs_in:
        sign_in_once(config.settings)
    rows = _prepared(df, config, newest_by, tasks).select(
        *(f"`{column.name.replace('`', '``')}`" for column in plan.columns)
    )
    return conclude(config, plan, _run(rows, plan))


def sender(
    *,
    newest_by: str | None = None,
    tasks: int = _DEFAULT_TASKS,
    **settings: Any,
) -> Callable[[DataFrame, int], None]:
    """Return a function for `foreachBatch` that sends each micro-batch.

        >>> stream.writeStream.foreachBatch(
        ...     sender(config="contentsquare.json", rejected_path="/data/rejected")
        ... ).start()

    Rejected rows go to a file per batch, `<rejected_path>.<batch id>`; a batch that is
    replayed replaces its own.

    Args:
        newest_by: See `send`.
        tasks: See `send`.
        settings: See `send`.

    Raises:
        ConfigError: A setting is wrong, or there is no `rejected_path`.
    """
    config = read_config(settings)
    check_for_stream(config)
    return BatchSender(config, newest_by, tasks)


def check_for_stream(config: JobConfig) -> None:
    """Raise an error if a few rejected rows would end a stream after each restart.

    Raises:
        ConfigError: They have no place to go, or a share of them is the limit.
    """
    if config.settings.max_rejected.count is None:
        raise ConfigError(
            "max_rejected: must be a count for a stream: of a micro-batch of one row, "
            "one is 100%"
        )
    if config.rejected_path is None:
        raise ConfigError(
            "rejected_path: is required for a stream, which would fail on its first "
            "row that can't be delivered, and again after each restart"
        )


def of_batch(config: JobConfig, batch_id: int) -> JobConfig:
    """Return the settings of one micro-batch of a stream, with files of its own."""
    path = f"{config.rejected_path}.{batch_id}"
    return replace(config, rejected_path=path, is_stream=True)


@dataclass(slots=True)
class BatchSender:
    """Sends each micro-batch of a stream.

    Attributes:
        has_signed_in: The first batch signs in on the driver; later ones rely on it.
    """

    config: JobConfig
    newest_by: str | None
    tasks: int
    has_signed_in: bool = field(default=False)

    def __call__(self, df: DataFrame, batch_id: int) -> None:
        """Send a micro-batch.

        Raises:
            FatalError: The stream ends; restarted, it begins with this batch.
        """
        config = of_batch(self.config, batch_id)
        signs_in, self.has_signed_in = not self.has_signed_in, True
        send_with(df, config, self.newest_by, self.tasks, signs_in=signs_in)


def _share(settings: Settings, tasks: int) -> Settings:
    """Return the settings of one of several tasks."""
    rate = settings.max_requests_per_second
    return replace(
        settings,
        max_parallel_requests=settings.max_parallel_requests // tasks,
        max_requests_per_second=None if rate is None else rate / tasks,
    )


def _prepared(
    df: DataFrame, config: JobConfig, newest_by: str | None, tasks: int
) -> DataFrame:
    keys = Keys.of_mapping(config.mapping, df.columns)
    if newest_by is None:
        return spread(df, keys, tasks)
    return newest_of(df, newest_by, keys, tasks)


def _run(rows: DataFrame, plan: TaskPlan) -> list[TaskResult]:
    try:
        collected = rows.mapInArrow(_task(plan), "result binary").collect()
    except Exception as error:
        if (raised := error_of_task(error)) is not None:
            raise raised from None
        raise
    return [
        pickle.loads(row["result"])  # noqa: S301 - from our own tasks
        for row in collected
    ]


def _task(
    plan: TaskPlan,
) -> Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    def task(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        import pyarrow  # noqa: ICN001, PLC0415 - pickled, for the executors
        from pyspark import TaskContext  # noqa: PLC0415 - only Spark has it

        context = TaskContext.get()
        result = run_task(plan, context.partitionId(), batches)
        column = pyarrow.array([pickle.dumps(result)], pyarrow.binary())
        yield pyarrow.RecordBatch.from_arrays([column], ["result"])

    return task
