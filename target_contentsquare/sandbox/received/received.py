"""What reached the sandbox."""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final
from weakref import WeakSet

from target_contentsquare.sandbox.batches.batch import Enrichment, Key
from target_contentsquare.sandbox.received.summaries import (
    RequestSummary,
    TokenRequestSummary,
)
from target_contentsquare.sandbox.received.totals import Totals

KEPT: Final = 10_000
"""How many requests, and batches of history, are kept; totals count all."""


@dataclass(frozen=True, slots=True)
class Stored:
    """An enrichment as Contentsquare would now have it.

    Attributes:
        fields: its fields and values.
        integration_version: of the batch it came in last.
        at: when that was, Unix seconds.
    """

    fields: Mapping[str, object]
    integration_version: int
    at: float


class Received:
    """Keeps what reached the sandbox; not safe to share between threads.

    Args:
        keep: how many enrichments are kept. Beyond that, a tenth is forgotten at
            once, those that were written first.
        keep_history: whether to keep every accepted batch (the last 10,000).
    """

    def __init__(self, *, keep: int, keep_history: bool) -> None:
        """Make one that has received nothing."""
        self.keep = keep
        self._keep_history = keep_history
        self._connections: WeakSet[object] = WeakSet()
        self._in_flight = 0
        self.reset()

    def reset(self) -> None:
        """Forget everything but the requests that are being handled now."""
        self.totals = Totals()
        self.requests: deque[RequestSummary] = deque(maxlen=KEPT)
        self.token_requests: deque[TokenRequestSummary] = deque(maxlen=KEPT)
        self.stored: dict[Key, Stored] = {}
        self.history: deque[Sequence[Enrichment]] = deque(maxlen=KEPT)
        self._connections.clear()

    def copy_totals(self) -> Totals:
        """Return the totals as they are now."""
        return replace(self.totals)

    @contextmanager
    def handling(self, connection: object) -> Iterator[None]:
        """Count a request to `/v1/enrichments` while it is being handled.

        Args:
            connection: the object that stands for its TCP connection.
        """
        if connection not in self._connections:
            self._connections.add(connection)
            self.totals.connections += 1
        self._in_flight += 1
        self.totals.max_in_flight = max(self.totals.max_in_flight, self._in_flight)
        try:
            yield
        finally:
            self._in_flight -= 1

    def store(self, batch: Sequence[Enrichment], version: int, at: float) -> None:
        """Store an accepted batch; an enrichment overwrites the one with its key."""
        for enrichment in batch:
            # A dict keeps the place of a key that it overwrites. Removing it first
            # keeps the order of the last write.
            self.stored.pop(enrichment.key, None)
            self.stored[enrichment.key] = Stored(enrichment.fields, version, at)
        distinct = len({enrichment.key for enrichment in batch})
        self.totals.duplicates_in_batch += len(batch) - distinct
        if self._keep_history:
            self.history.append(batch)
        if len(self.stored) > self.keep:
            self._forget_oldest(len(self.stored) - self.keep + self.keep // 10)

    def _forget_oldest(self, count: int) -> None:
        # Many at once: finding the first key of a dict passes over all removed ones.
        for key in list(islice(self.stored, count)):
            del self.stored[key]
        self.totals.forgotten_enrichments += count

    def finish(self, summary: RequestSummary) -> None:
        """Add a finished request to `/v1/enrichments`, and number it."""
        self.totals.add(summary)
        self.requests.append(replace(summary, number=self.totals.requests))

    def finish_token_request(self, summary: TokenRequestSummary) -> None:
        """Add a finished token request."""
        self.totals.add_token_request(summary)
        self.token_requests.append(summary)
