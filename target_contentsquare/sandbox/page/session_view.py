"""The sessions that the page shows."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

from target_contentsquare.sandbox.batches.batch import Key
from target_contentsquare.sandbox.received.stored import Stored, StoredEnrichments

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


def sessions(enrichments: StoredEnrichments, wanted: str) -> Iterator[SessionView]:
    """Yield the sessions in the order of their last write, newest first.

    Args:
        enrichments: what is stored.
        wanted: only sessions whose user id contains this text; "" for all.
    """
    seen: set[tuple[int, str, int]] = set()
    for key in islice(reversed(enrichments.by_key), SEARCHED):
        session = key[:3]
        if session not in seen and wanted in key.user_id:
            seen.add(session)
            yield _session(enrichments, key)


def _session(enrichments: StoredEnrichments, key: Key) -> SessionView:
    found = [
        _enrichment(key.enrichment_number, enrichments.by_key[key])
        for key in enrichments.of_session(key)
    ]
    return SessionView(key.project_id, key.user_id, key.session_number, found)


def _enrichment(number: int, stored: Stored) -> EnrichmentView:
    # As JSON, so that the text "1" can be told from the number.
    fields = [
        (name, json.dumps(value, ensure_ascii=False))
        for name, value in stored.fields.items()
    ]
    return EnrichmentView(number, stored.integration_version, stored.at, fields)
