"""Whether a run that came to its end has done what its user expects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from target_contentsquare.errors import OutcomeError

if TYPE_CHECKING:
    from target_contentsquare.delivery.summary.summary import Summary


class RejectedLimit(Protocol):
    """How many rows may be rejected, as the setting `max_rejected` says."""

    def is_exceeded_in_the_end(self, rejected: int, rows: int) -> bool:
        """Return whether a whole run has rejected too much."""


class Demands(Protocol):
    """What the settings demand of a run."""

    @property
    def max_rejected(self) -> RejectedLimit:
        """How many rows may be rejected."""

    @property
    def min_delivered(self) -> int:
        """How many rows have to be delivered, or unchanged since they were."""


def check_outcome(summary: Summary, demands: Demands) -> None:
    """Compare the counts of a whole run with what is demanded.

    To be called when all is settled and the last state is out: what was delivered
    stays delivered.

    Raises:
        OutcomeError: Too many rows were rejected, or too few delivered.
    """
    total = summary.total
    rejected, held = summary.newly_rejected, total.delivered + total.unchanged
    if demands.max_rejected.is_exceeded_in_the_end(rejected, total.read):
        raise OutcomeError(
            f"{rejected} of {total.read} rows can't be delivered, more than "
            f"max_rejected ({demands.max_rejected}): look at the reasons in "
            "rejected_path"
        )
    if rejected and not held:
        was = "was" if rejected == 1 else "were"
        raise OutcomeError(
            f"no row was delivered and {rejected} {was} rejected: look at the reasons "
            "in rejected_path"
        )
    if held < demands.min_delivered:
        raise OutcomeError(
            f"{held} rows were delivered or unchanged, fewer than min_delivered "
            f"({demands.min_delivered}): look at what the tap wrote, or lower "
            "min_delivered"
        )
