"""What became of a job's rows: counted, written and told by the driver."""

from __future__ import annotations

import itertools
import logging
from typing import TYPE_CHECKING

from target_contentsquare.delivery.clock import utc_now
from target_contentsquare.delivery.summary.summary import Summary
from target_contentsquare.delivery.trouble.timeline import Timeline
from target_contentsquare.errors import DeliveryError, FatalError, TooManyRejectedError
from target_contentsquare.report.run_report import RunReport
from target_contentsquare.report.write_report import report_text
from target_contentsquare.spark.rejected_file import write_rejected, write_text
from target_contentsquare.spark.user_agent import user_agent
from target_contentsquare.spark.wording import LOG, in_spark_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from target_contentsquare.spark.config import JobConfig
    from target_contentsquare.spark.task.task import TaskPlan, TaskResult


def show_log() -> None:
    """Let the counts of a job be seen in a process of Spark's own, which logs nothing.

    A process that has set up logging is left as it is.
    """
    if not LOG.hasHandlers():
        LOG.addHandler(logging.StreamHandler())
        LOG.setLevel(logging.INFO)


def conclude(
    config: JobConfig, plan: TaskPlan, results: Sequence[TaskResult]
) -> Summary:
    """Write the rejected rows and the report, and return the counts.

    Args:
        results: Of the attempts that won, one for each partition.

    Raises:
        FatalError: Too many rows were rejected, or too few delivered; or a file can't
            be written. The others have been.
    """
    summary = add_up(config.stream, results)
    rejected = [row for result in results for row in result.rejected]
    if rejected and config.rejected_path is not None:
        write_rejected(config.rejected_path, plan, rejected)
    for line in summary.report():
        LOG.info("%s", line)
    error = _what_is_wrong(config, summary, results)
    if config.settings.dry_run:
        error = None
    if config.report_path is not None:
        report = _report(config, plan, summary, error)
        write_text(config.report_path, report_text(report, config.report_path))
    if error is not None:
        raise error
    if rejected:
        LOG.warning("%d rejected rows are in %s", len(rejected), config.rejected_path)
    return summary


def add_up(stream: str, results: Sequence[TaskResult]) -> Summary:
    """Return the counts of all partitions together."""
    seconds = max((result.seconds for result in results), default=0.0)
    readings = itertools.chain([0.0], itertools.repeat(seconds))
    summary = Summary(lambda: next(readings))
    for result in results:
        summary.ages.merge(result.ages)
    for number, result in enumerate(results):
        summary.streams[str(number)] = result.counts
    total = summary.total
    total.stream = stream
    summary.streams = {stream: total}
    summary.requests = sum(result.requests for result in results)
    return summary


def _report(
    config: JobConfig, plan: TaskPlan, summary: Summary, error: FatalError | None
) -> RunReport:
    """Return the report that the target gives of a run.

    It does not say when the requests were made: each task has a clock of its own.
    """
    return RunReport(
        program=user_agent(),
        ended_at=utc_now(),
        error=None if error is None else str(error),
        summary=summary,
        requests=Timeline(),
        trouble=(),
        mapping=[plan.mapped],
        settings=config.shown,
    )


def _what_is_wrong(
    config: JobConfig, summary: Summary, results: Sequence[TaskResult]
) -> FatalError | None:
    settings, total = config.settings, summary.total
    for result in results:
        if result.failure is not None:
            return TooManyRejectedError(in_spark_words(result.failure))
    if settings.max_rejected.is_exceeded_in_the_end(summary.rejected, total.read):
        return TooManyRejectedError(
            f"{summary.rejected} rows can't be delivered, more than max_rejected "
            f"({settings.max_rejected}): look at the reasons in {config.rejected_path}"
        )
    if config.is_stream:
        return None
    if total.delivered < settings.min_delivered:
        return DeliveryError(
            f"{total.delivered} rows were delivered, fewer than min_delivered "
            f"({settings.min_delivered})"
        )
    if summary.rejected and not total.delivered:
        return TooManyRejectedError(
            f"no row was delivered, and {summary.rejected} were rejected: look at the "
            f"reasons in {config.rejected_path}"
        )
    return None
