"""What reached the sandbox: requests, the enrichments stored, and totals."""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final, Literal
from weakref import WeakSet

from target_contentsquare.sandbox.batches.batch import Enrichment, Key

KEPT: Final = 10_000
"""How many requests, and batches of history, are kept; totals count all."""

Outcome = Literal["delivered", "refused", "failed"]
"""Stored; refused by the rules of the API; or failed: hit by a fault, or the client
closed the connection before the answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestSummary:
    """One request to `/v1/enrichments`, and what became of it.

    Attributes:
        at: when it came, Unix seconds.
        status: HTTP status of the answer; None when there was none.
        outcome: whether its enrichments were stored, and if not, why not.
        rows: enrichments in it, 0 where its body could not be read.
        project_id: the project it named, if it could be read.
        integration_version: likewise.
        reason: what went wrong, None when nothing did. The real API never tells.
        row: index of the enrichment at fault, from 0.
        duration: seconds from its head's arrival to its answer.
    """

    at: float
    status: int | None
    outcome: Outcome
    rows: int = 0
    project_id: int | None = None
    integration_version: int | None = None
    reason: str | None = None
    row: int | None = None
    duration: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRequestSummary:
    """One request to `/v1/oauth/token`.

    Attributes:
        at: when it came, Unix seconds.
        status: HTTP status of the answer; None when there was none.
        client_id: who asked, if that could be read.
        project_id: the project that a token was given for, else the one asked for.
        reason: why there was no token; None when there was one.
    """

    at: float
    status: int | None
    client_id: str | None = None
    project_id: int | None = None
    reason: str | None = None


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


@dataclass(slots=True)
class Totals:
    """Counts since the start or the last reset."""

    requests: int = 0
    delivered_batches: int = 0
    delivered_enrichments: int = 0
    refused_batches: int = 0
    failed_requests: int = 0
    duplicates_in_batch: int = 0
    token_requests: int = 0
    tokens_issued: int = 0
    max_in_flight: int = 0
    connections: int = 0

    def add(self, summary: RequestSummary) -> None:
        """Add one finished request."""
        self.requests += 1
        self.delivered_batches += summary.outcome == "delivered"
        self.refused_batches += summary.outcome == "refused"
        self.failed_requests += summary.outcome == "failed"
        if summary.outcome == "delivered":
            self.delivered_enrichments += summary.rows


class Received:
    """Keeps what reached the sandbox; not safe to share between threads.

    Args:
        keep_history: whether to keep every accepted batch (the last 10,000).
    """

    def __init__(self, *, keep_history: bool) -> None:
        """Make one that has received nothing."""
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

    def finish(self, summary: RequestSummary) -> None:
        """Add a finished request to `/v1/enrichments`."""
        self.requests.append(summary)
        self.totals.add(summary)

    def finish_token_request(self, summary: TokenRequestSummary) -> None:
        """Add a finished token request."""
        self.token_requests.append(summary)
        self.totals.token_requests += 1
        self.totals.tokens_issued += summary.reason is None
