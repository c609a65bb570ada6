"""What the log says at the end of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from singer_sdk import metrics

from target_contentsquare.singer.metrics import summary_metric

if TYPE_CHECKING:
    from logging import Logger

    from target_contentsquare.delivery.summary.summary import Summary
    from target_contentsquare.settings.settings import Settings
    from target_contentsquare.singer.signals import StopSignal


def log_report(  # noqa: PLR0913 - all of it is told
    summary: Summary,
    stop: StopSignal,
    *,
    error: BaseException | None,
    are_kept: bool,
    settings: Settings,
    log: Logger,
    metrics_log: Logger,
) -> None:
    """Log the counts of a run in lines for people, and in a METRIC line.

    Args:
        error: What ended the run; None if it did what it should.
        are_kept: Whether all rejected rows are in their file.
    """
    if settings.dry_run:
        log.info("Dry run: nothing was sent, and no file was written")
    for line in summary.report():
        log.info(line)
    if stop.number is not None:
        log.warning("Stopped by %s", stop.name)
    if (too_old := summary.too_old_line()) is not None:
        log.warning(too_old)
    if (rejected := summary.rejected_line()) is not None and not settings.dry_run:
        where = "see" if are_kept else "not all of them may be in"
        path = settings.rejected_path
        log.warning("%s: %s the file of rejected_path, '%s'", rejected, where, path)
    is_whole = error is None and stop.number is None
    metrics.log(metrics_log, summary_metric(summary, succeeded=is_whole))
