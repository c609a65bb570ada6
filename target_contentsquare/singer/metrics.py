"""The run's summary as a METRIC line, as the SDK writes them."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any

from singer_sdk import metrics

if TYPE_CHECKING:
    from collections.abc import Mapping

    from target_contentsquare.delivery.summary.summary import Summary


class RunMetric(str, Enum):
    """Our own metric, beside those of the SDK."""

    ENRICHMENTS = "enrichments"


def summary_metric(
    summary: Summary, *, succeeded: bool
) -> metrics.Point[Mapping[str, Any]]:
    """Return one METRIC line with all counts of a run."""
    status = metrics.Status.SUCCEEDED if succeeded else metrics.Status.FAILED
    tags = {metrics.Tag.STATUS.value: status.value}
    return metrics.Point("summary", RunMetric.ENRICHMENTS, summary.as_dict(), tags)  # type: ignore[arg-type] # the SDK's list of metrics can't be added to
