"""Counts of what was received."""

from dataclasses import dataclass

from target_contentsquare.sandbox.received.summaries import (
    RequestSummary,
    TokenRequestSummary,
)


@dataclass(slots=True)
class Totals:
    """Counts since the start or the last reset.

    Attributes:
        requests: to `/v1/enrichments`; each is delivered, refused, limited or failed.
        limited_requests: those over a limit, which were answered 429.
        failed_requests: those hit by a fault or given up by the client.
        duplicates_in_batch: enrichments with a key that came again in their batch.
        forgotten_enrichments: those stored that are no longer kept.
        refused_token_requests: those without a token by the rules of the API.
        max_in_flight: most requests to `/v1/enrichments` handled at once.
        connections: TCP connections that brought requests to `/v1/enrichments`.
    """

    requests: int = 0
    delivered_batches: int = 0
    delivered_enrichments: int = 0
    refused_batches: int = 0
    limited_requests: int = 0
    failed_requests: int = 0
    duplicates_in_batch: int = 0
    forgotten_enrichments: int = 0
    token_requests: int = 0
    tokens_issued: int = 0
    refused_token_requests: int = 0
    max_in_flight: int = 0
    connections: int = 0

    def add(self, summary: RequestSummary) -> None:
        """Add one finished request."""
        self.requests += 1
        self.delivered_batches += summary.outcome == "delivered"
        self.refused_batches += summary.outcome == "refused"
        self.limited_requests += summary.outcome == "limited"
        self.failed_requests += summary.outcome == "failed"
        if summary.outcome == "delivered":
            self.delivered_enrichments += summary.rows

    def add_token_request(self, summary: TokenRequestSummary) -> None:
        """Add one finished token request."""
        self.token_requests += 1
        self.tokens_issued += summary.outcome == "granted"
        self.refused_token_requests += summary.outcome == "refused"
