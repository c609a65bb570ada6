"""What is kept of each request."""

from dataclasses import dataclass
from typing import Literal

Outcome = Literal["delivered", "refused", "limited", "failed"]
"""Stored; refused by the rules of the API; over a limit; or failed: hit by a fault, or
the client closed the connection before the answer."""

TokenOutcome = Literal["granted", "refused", "failed"]
"""A token was given; refused by the rules of the API; or hit by a fault."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestSummary:
    """One request to `/v1/enrichments`, and what became of it.

    Attributes:
        number: counts the requests as they were answered, from 1.
        at: when it came, Unix seconds.
        status: HTTP status of the answer; None when there was none.
        outcome: whether its enrichments were stored, and if not, why not.
        rows: enrichments in it, 0 where its body could not be read.
        project_id: the project it named, if it could be read.
        integration_version: likewise.
        reason: what went wrong, None when nothing did. The real API never tells.
        row: index of the enrichment at fault, from 0.
        field: the field at fault.
        rule: the reason without the values of the request.
        user_id: of the enrichment at fault, if it could be read.
        session_number: likewise.
        duration: seconds from its head's arrival to its answer.
    """

    number: int = 0
    at: float
    status: int | None
    outcome: Outcome
    rows: int = 0
    project_id: int | None = None
    integration_version: int | None = None
    reason: str | None = None
    row: int | None = None
    field: str | None = None
    rule: str | None = None
    user_id: str | None = None
    session_number: int | None = None
    duration: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRequestSummary:
    """One request to `/v1/oauth/token`.

    Attributes:
        at: when it came, Unix seconds.
        status: HTTP status of the answer; None when there was none.
        outcome: whether there was a token, and if not, why not.
        client_id: who asked, if that could be read.
        project_id: the project that a token was given for, else the one asked for.
        integration_id: the integration, likewise.
        reason: why there was no token; None when there was one.
    """

    at: float
    status: int | None
    outcome: TokenOutcome
    client_id: str | None = None
    project_id: int | None = None
    integration_id: str | None = None
    reason: str | None = None
