"""What the end of one request means for all requests of its project."""

from __future__ import annotations

from typing import TYPE_CHECKING

from target_contentsquare.errors import (
    BatchRefusedError,
    DeliveryError,
    RetryableError,
)

if TYPE_CHECKING:
    from target_contentsquare.delivery.batches import Batch
    from target_contentsquare.delivery.rate.attempt import Attempt
    from target_contentsquare.delivery.rate.rates import Rates
    from target_contentsquare.delivery.trouble.trouble_log import TroubleLog


class Feedback:
    """Tells the rates what a request has shown, and a person what goes wrong."""

    def __init__(self, rates: Rates, trouble: TroubleLog) -> None:
        self._rates = rates
        self._trouble = trouble

    def learn(
        self,
        batch: Batch,
        attempt: Attempt,
        error: BaseException | None,
        *,
        now: float,
        waiting: int,
    ) -> None:
        """Take note of the end of a request.

        Args:
            error: What `send` raised; None if the batch was delivered.
            waiting: Batches that wait to be sent.
        """
        rate = self._rates.of(batch.project_id)
        if error is None or isinstance(error, BatchRefusedError):
            rate.worked(attempt, now)
            self._trouble.worked(batch.project_id, now)
        elif isinstance(error, RetryableError):
            note = rate.throttled if error.is_throttling else rate.failed
            note(attempt, now, error.retry_after)
            self._trouble.failed(batch.project_id, error, now, waiting)
        else:
            rate.forget(attempt)

    def check_time(self, batch: Batch, error: RetryableError, now: float) -> None:
        """Look, after a failure, whether the batch may be tried again.

        Raises:
            DeliveryError: There was no sign for too long that Contentsquare works.
        """
        rate = self._rates.of(batch.project_id)
        if not rate.is_over:
            return
        reason = "no sign for too long that it works"
        if error.retry_after is not None and now < (rate.gives_up_at or now):
            wait = rate.resumes_at - now
            reason = f"it asks to wait {wait:.0f} s, which is more than there is left"
        project = "" if batch.project_id is None else f" for project {batch.project_id}"
        raise DeliveryError(
            f"{len(batch)} rows{project} (integration version "
            f"{batch.integration.version}) could not be sent: {error}; {reason}. They "
            "are not in the state: run again, or raise max_retry_seconds"
        )

    def tick(self, now: float, waiting: int) -> None:
        """Tell of trouble what is due because time has passed."""
        self._trouble.tick(now, waiting)
