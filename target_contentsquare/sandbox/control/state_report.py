"""The sandbox's state as JSON."""

from dataclasses import asdict

from target_contentsquare.sandbox.batches.batch import Key
from target_contentsquare.sandbox.contentsquare import Contentsquare
from target_contentsquare.sandbox.received.groups import MOST_GROUPS
from target_contentsquare.sandbox.received.stored import Stored


def state_report(
    contentsquare: Contentsquare, *, enrichments: bool
) -> dict[str, object]:
    """Return totals and the recent requests, newest last.

    Args:
        contentsquare: whose state it is.
        enrichments: whether to add every enrichment stored, in the order of their
            last write.
    """
    received = contentsquare.received
    report: dict[str, object] = {
        "totals": asdict(received.totals) | {"stored": len(received.stored)},
        "limits": asdict(contentsquare.limiter.limits),
        "seed": contentsquare.faults.seed,
        "refused": [asdict(group) for group in received.refused.commonest(MOST_GROUPS)],
        "requests": [asdict(summary) for summary in received.requests],
        "token_requests": [asdict(summary) for summary in received.token_requests],
    }
    if enrichments:
        stored = received.stored.items()
        report["enrichments"] = [_enrichment(key, found) for key, found in stored]
    return report


def _enrichment(key: Key, found: Stored) -> dict[str, object]:
    return {
        "projectId": key.project_id,
        "userId": key.user_id,
        "sessionNumber": key.session_number,
        "enrichmentNumber": key.enrichment_number,
        "integrationVersion": found.integration_version,
        "enrichment": found.fields,
    }
