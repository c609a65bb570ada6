"""What reached the sandbox."""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Final
from weakref import WeakSet

from target_contentsquare.sandbox.batches.batch import Enrichment, Key
from target_contentsquare.sandbox.received.exchanges import Exchange, RecentExchanges
from target_contentsquare.sandbox.received.groups import Groups
from target_contentsquare.sandbox.received.stored import Stored, StoredEnrichments
from target_contentsquare.sandbox.received.summaries import (
    RequestSummary,
    TokenRequestSummary,
)
from target_contentsquare.sandbox.received.totals import Totals

KEPT: Final = 10_000
"""How many requests, and batches of history, are kept; totals count all."""


class Received:
    """Keeps what reached the sandbox; not safe to share between threads.

    Args:
        keep: how many enrichments are kept; see `StoredEnrichments`.
        keep_history: whether to keep every accepted batch (the last 10,000).
    """

    def __init__(self, *, keep: int, keep_history: bool) -> None:
        """Make one that has received nothing."""
        self._keep = keep
        self.keeps_history = keep_history
        self._connections: WeakSet[object] = WeakSet()
        self._in_flight = 0
        self.reset()

    def reset(self) -> None:
        """Forget everything but the requests that are being handled now."""
        self.totals = Totals()
        self.requests: deque[RequestSummary] = deque(maxlen=KEPT)
        self.token_requests: deque[TokenRequestSummary] = deque(maxlen=KEPT)
        self.refused = Groups[RequestSummary]()
        self.refused_sign_ins = Groups[TokenRequestSummary]()
        self.enrichments = StoredEnrichments(self._keep)
        self.history: deque[Sequence[Enrichment]] = deque(maxlen=KEPT)
        # Refused batches have a store of their own, so that many good ones do not
        # make the sandbox forget them.
        self._refused_exchanges = RecentExchanges()
        self._other_exchanges = RecentExchanges()
        self._connections.clear()

    @property
    def stored(self) -> Mapping[Key, Stored]:
        """Return the enrichments that are kept, oldest write first."""
        return self.enrichments.by_key

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
            self.enrichments.put(enrichment, version, at)
        self.totals.forgotten_enrichments = self.enrichments.forgotten
        distinct = len({enrichment.key for enrichment in batch})
        self.totals.duplicates_in_batch += len(batch) - distinct
        if self.keeps_history:
            self.history.append(batch)

    def finish(self, summary: RequestSummary, exchange: Exchange) -> None:
        """Add a finished request to `/v1/enrichments`, and number it."""
        self.totals.add(summary)
        numbered = replace(summary, number=self.totals.requests)
        self.requests.append(numbered)
        if summary.outcome == "refused":
            self.refused.add((summary.status, summary.field, summary.rule), numbered)
            self._refused_exchanges.add(numbered.number, exchange)
        else:
            self._other_exchanges.add(numbered.number, exchange)

    def finish_token_request(self, summary: TokenRequestSummary) -> None:
        """Add a finished token request."""
        self.totals.add_token_request(summary)
        self.token_requests.append(summary)
        if summary.outcome == "refused":
            key = (summary.status, summary.reason, summary.client_id)
            self.refused_sign_ins.add(key, summary)

    def request(self, number: int) -> RequestSummary | None:
        """Return the request with this number, None where it is not kept."""
        index = number - self.totals.requests - 1
        return self.requests[index] if -len(self.requests) <= index < 0 else None

    def exchange(self, number: int) -> Exchange | None:
        """Return the batch and answer of this number, None where they are not kept."""
        refused = self._refused_exchanges.get(number)
        return refused or self._other_exchanges.get(number)
