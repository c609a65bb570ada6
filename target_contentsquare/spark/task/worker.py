"""The sender of a worker process, which all tasks that run in it share."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from target_contentsquare.api.http.foreign_logs import hold_back_foreign_logs
from target_contentsquare.delivery.clock import utc_now
from target_contentsquare.pipeline import Pipeline
from target_contentsquare.spark.task.fence import Fence
from target_contentsquare.spark.task.kept_rows import KeptRows
from target_contentsquare.spark.user_agent import user_agent
from target_contentsquare.spark.wording import LOG

if TYPE_CHECKING:
    from target_contentsquare.delivery.summary.summary import StreamCounts


@dataclass(frozen=True, slots=True)
class Worker:
    """A pipeline, its rejected rows and its fence, for one task after the other."""

    pipeline: Pipeline
    kept: KeptRows
    fence: Fence

    def begin(self, stream: str, max_kept: int) -> tuple[int, StreamCounts]:
        """Begin a task.

        Args:
            stream: The name of its rows' mapping.
            max_kept: Rejected rows that it keeps at most.

        Returns:
            The requests made before it, and its own counts, which are all 0.
        """
        summary = self.pipeline.summary
        summary.streams.pop(stream, None)
        summary.ages.take()
        self.kept.begin(max_kept)
        self.pipeline.tick()
        return summary.requests, summary.counts(stream)


@lru_cache(maxsize=1)
def worker_for(settings: bytes, *, keeps_rejected: bool) -> Worker:
    """Return the sender of this process: made once, so that it signs in once.

    Spark runs one task at a time in a Python worker, and many after each other.

    Args:
        settings: Pickled.
        keeps_rejected: Whether rejected rows have a place to go.
    """
    hold_back_foreign_logs()
    kept, fence = KeptRows(utc_now), Fence()
    pipeline = Pipeline.open(
        pickle.loads(settings),  # noqa: S301 - from our own driver
        rejects=kept if keeps_rejected else None,
        log=LOG,
        user_agent=user_agent(),
        before_request=fence.check,
    )
    return Worker(pipeline, kept, fence)


def close_worker(worker: Worker) -> None:
    """Close this process's sender: after an error a pipeline can't be used again."""
    worker_for.cache_clear()
    worker.pipeline.close()
