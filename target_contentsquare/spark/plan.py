"""What a job does before its tasks: fit the mapping to the columns, and sign in."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from target_contentsquare.api.connection import sign_in
from target_contentsquare.errors import ConfigError, RetryableError
from target_contentsquare.pipeline import Pipeline
from target_contentsquare.settings.max_rejected import MaxRejected
from target_contentsquare.spark.columns import columns_to_send, warn_of_columns_left_out
from target_contentsquare.spark.task.task import TaskPlan, pickled
from target_contentsquare.spark.user_agent import user_agent
from target_contentsquare.spark.wording import LOG, in_spark_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from target_contentsquare.api.signing_in.account import Account
    from target_contentsquare.mapping.columns import Column
    from target_contentsquare.report.mapped_stream import MappedStream
    from target_contentsquare.settings.settings import Settings
    from target_contentsquare.spark.columns import SparkColumn
    from target_contentsquare.spark.config import JobConfig

# A task keeps its rejected rows in memory.
_MOST_KEPT = 10_000


def make_plan(config: JobConfig, columns: Sequence[SparkColumn]) -> TaskPlan:
    """Return what the tasks need; log what the user should know of the mapping.

    Raises:
        ConfigError: The mapping does not fit the columns.
    """
    sendable = columns_to_send(columns, config.mapping)
    if warning := warn_of_columns_left_out(columns, config.mapping):
        LOG.warning("%s", warning)
    count = config.settings.max_rejected.count
    mapped_columns, mapped = _mapped(config, sendable)
    return TaskPlan(
        stream=config.stream,
        settings=pickled(_settings_of_tasks(config.settings)),
        columns=mapped_columns,
        mapped=mapped,
        keeps_rejected=config.rejected_path is not None,
        max_kept=_MOST_KEPT if count is None else min(count, _MOST_KEPT),
    )


def sign_in_once(settings: Settings) -> None:
    """Sign in, so that a wrong secret costs one request and not one for each task.

    A token endpoint that is in trouble is left to the tasks, which are patient.

    Raises:
        AuthenticationError: Contentsquare gives no token.
    """
    if settings.dry_run:
        return
    for account in settings.accounts:
        _sign_in(settings, account)


def _sign_in(settings: Settings, account: Account) -> None:
    try:
        sign_in(settings, account, user_agent=user_agent())
    except RetryableError as error:
        LOG.warning("%s", error)


def _settings_of_tasks(settings: Settings) -> Settings:
    """Return the settings without what the driver looks after: all rows together."""
    return replace(settings, max_rejected=MaxRejected(percent=100.0), min_delivered=0)


def _mapped(
    config: JobConfig, columns: Sequence[Column]
) -> tuple[tuple[Column, ...], MappedStream]:
    """Return the columns that the mapping uses, and what it makes of them."""
    pipeline = Pipeline.open(
        replace(config.settings, dry_run=True),
        rejects=None,
        log=LOG,
        user_agent=user_agent(),
    )
    try:
        stream = pipeline.stream(config.stream, columns)
    except ConfigError as error:
        raise ConfigError(*map(in_spark_words, error.faults)) from None
    finally:
        pipeline.close()
    assert stream is not None  # noqa: S101 - `config.stream` is the mapping's name
    known = {column.name: column for column in columns}
    (mapped,) = pipeline.mapping
    return tuple(known[column.name] for column in stream.columns), mapped
