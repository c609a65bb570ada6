"""What the page shows, picked from what was received."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Final

from target_contentsquare.sandbox.batches.batch import MAX_ENRICHMENT_NUMBER, Key
from target_contentsquare.sandbox.contentsquare import Contentsquare
from target_contentsquare.sandbox.page.chart import Chart, chart_of
from target_contentsquare.sandbox.received.received import Received, Stored
from target_contentsquare.sandbox.received.summaries import RequestSummary
from target_contentsquare.sandbox.received.totals import Totals

SESSIONS: Final = 100
BATCHES: Final = 30
REFUSED: Final = 20
# Enrichments that are searched for sessions. A filter that matches few of a million
# must not delay the answers of the API.
SEARCHED: Final = 200_000


@dataclass(frozen=True, slots=True)
class EnrichmentView:
    """One of a session's enrichments, its values written as JSON."""

    number: int
    integration_version: int
    at: float
    fields: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class SessionView:
    """A session and its up to three enrichments."""

    project_id: int
    user_id: str
    session_number: int
    enrichments: list[EnrichmentView]


@dataclass(frozen=True, slots=True)
class PageView:
    """Everything that the template fills in; lists are newest first."""

    totals: Totals
    stored: int
    sessions: list[SessionView]
    batches: list[RequestSummary]
    refused: list[RequestSummary]
    chart: Chart
    wanted: str


def page_view(contentsquare: Contentsquare, wanted: str) -> PageView:
    """Return what the page shows now.

    Args:
        contentsquare: the sandbox that is shown.
        wanted: only sessions whose user id contains this text; "" for all.
    """
    received = contentsquare.received
    newest = reversed(received.requests)
    refused = (r for r in reversed(received.requests) if r.outcome == "refused")
    return PageView(
        totals=received.copy_totals(),
        stored=len(received.stored),
        sessions=list(islice(_sessions(received, wanted), SESSIONS)),
        batches=list(islice(newest, BATCHES)),
        refused=list(islice(refused, REFUSED)),
        chart=chart_of(received.requests, contentsquare.options.now()),
        wanted=wanted,
    )


def _sessions(received: Received, wanted: str) -> Iterator[SessionView]:
    """Yield the sessions in the order of their last write, newest first."""
    seen: set[tuple[int, str, int]] = set()
    for key in islice(reversed(received.stored), SEARCHED):
        session = key[:3]
        if session not in seen and wanted in key.user_id:
            seen.add(session)
            yield _session(received.stored, key)


def _session(stored: Mapping[Key, Stored], key: Key) -> SessionView:
    keys = [key._replace(enrichment_number=n + 1) for n in range(MAX_ENRICHMENT_NUMBER)]
    enrichments = [_enrichment(key, stored[key]) for key in keys if key in stored]
    return SessionView(key.project_id, key.user_id, key.session_number, enrichments)


def _enrichment(key: Key, found: Stored) -> EnrichmentView:
    # As JSON, so that the text "1" can be told from the number.
    fields = [
        (name, json.dumps(value, ensure_ascii=False))
        for name, value in found.fields.items()
    ]
    version = found.integration_version
    return EnrichmentView(key.enrichment_number, version, found.at, fields)
