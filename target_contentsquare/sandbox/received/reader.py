"""What a running sandbox received, for other threads."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, TypeVar

from target_contentsquare.sandbox.batches.batch import Enrichment, Key
from target_contentsquare.sandbox.received.received import Received
from target_contentsquare.sandbox.received.summaries import (
    RequestSummary,
    TokenRequestSummary,
)
from target_contentsquare.sandbox.received.totals import Totals

T = TypeVar("T")


class Ask(Protocol):
    """Returns what a question gives on the thread that owns the state."""

    def __call__(self, question: Callable[[], T]) -> T:
        """Return the answer."""


class ReceivedReader:
    """Reads what was received; every property is a copy of how it is now.

    Args:
        received: what reached the sandbox.
        ask: asks the thread that it belongs to.
    """

    def __init__(self, received: Received, ask: Ask) -> None:
        """Read what this sandbox received."""
        self._received = received
        self._ask = ask

    @property
    def requests(self) -> list[RequestSummary]:
        """Return the last 10,000 requests to `/v1/enrichments`, as answered."""
        return self._ask(lambda: list(self._received.requests))

    @property
    def token_requests(self) -> list[TokenRequestSummary]:
        """Return the last 10,000 token requests."""
        return self._ask(lambda: list(self._received.token_requests))

    @property
    def enrichments(self) -> dict[Key, Mapping[str, object]]:
        """Return fields by (project, user, session, number), oldest write first."""
        stored = self._received.stored
        return self._ask(lambda: {key: found.fields for key, found in stored.items()})

    @property
    def history(self) -> list[list[tuple[Key, Mapping[str, object]]]]:
        """Return the last 10,000 accepted batches as keys and fields, in order.

        Raises:
            RuntimeError: the sandbox was made with `keep_history=False`.
        """
        if not self._received.keeps_history:
            message = "made with keep_history=False"
            raise RuntimeError(message)
        history = self._ask(lambda: list(self._received.history))
        return [_pairs(batch) for batch in history]

    @property
    def totals(self) -> Totals:
        """Return a copy of the counts since the start or the last `reset`."""
        return self._ask(self._received.copy_totals)

    @property
    def max_in_flight(self) -> int:
        """Return the most requests to `/v1/enrichments` handled at once."""
        return self.totals.max_in_flight

    @property
    def connections(self) -> int:
        """Return how many TCP connections brought requests to `/v1/enrichments`."""
        return self.totals.connections

    @property
    def duplicates_in_batch(self) -> int:
        """Return how many enrichments had a key that came again in the same batch."""
        return self.totals.duplicates_in_batch


def _pairs(batch: Sequence[Enrichment]) -> list[tuple[Key, Mapping[str, object]]]:
    return [(enrichment.key, enrichment.fields) for enrichment in batch]
