"""What the page shows, picked from what was received."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

from target_contentsquare.sandbox.contentsquare import Contentsquare
from target_contentsquare.sandbox.page.chart import Chart, chart_of
from target_contentsquare.sandbox.page.session_view import (
    SEARCHED,
    SessionView,
    sessions,
)
from target_contentsquare.sandbox.received.groups import Group
from target_contentsquare.sandbox.received.received import KEPT, Received
from target_contentsquare.sandbox.received.summaries import (
    RequestSummary,
    TokenRequestSummary,
)
from target_contentsquare.sandbox.received.totals import Totals

SESSIONS: Final = 100
BATCHES: Final = 30
GROUPS: Final = 50


@dataclass(frozen=True, slots=True)
class PageView:
    """Everything that the template fills in; lists are newest first.

    Attributes:
        totals: counts since the start.
        stored: enrichments that are kept.
        stored_sessions: sessions that they belong to.
        sessions: the newest of them.
        batches: the newest requests.
        refused: refused batches, grouped; the largest group first.
        refused_groups: how many groups there are.
        refused_sign_ins: refused token requests, grouped likewise.
        chart: requests over time.
        wanted: text that the user ids of `sessions` contain.
        behaviour: sentences about limits, faults and refused users.
        forgotten: sentences about what is no longer kept.
    """

    totals: Totals
    stored: int
    stored_sessions: int
    sessions: list[SessionView]
    batches: list[RequestSummary]
    refused: list[Group[RequestSummary]]
    refused_groups: int
    refused_sign_ins: list[Group[TokenRequestSummary]]
    chart: Chart
    wanted: str
    behaviour: list[str]
    forgotten: list[str]

    @property
    def is_untouched(self) -> bool:
        """Return whether no request has come at all."""
        return not self.totals.requests and not self.totals.token_requests

    @property
    def searched(self) -> int | None:
        """Return how many enrichments the filter was applied to; None for all."""
        return SEARCHED if self.wanted and self.stored > SEARCHED else None


def page_view(contentsquare: Contentsquare, wanted: str) -> PageView:
    """Return what the page shows now.

    Args:
        contentsquare: the sandbox that is shown.
        wanted: only sessions whose user id contains this text; "" for all.
    """
    received = contentsquare.received
    enrichments = received.enrichments
    return PageView(
        totals=received.copy_totals(),
        stored=len(enrichments.by_key),
        stored_sessions=enrichments.sessions,
        sessions=list(islice(sessions(enrichments, wanted), SESSIONS)),
        batches=list(islice(reversed(received.requests), BATCHES)),
        refused=received.refused.commonest(GROUPS),
        refused_groups=len(received.refused),
        refused_sign_ins=received.refused_sign_ins.commonest(GROUPS),
        chart=chart_of(received.requests, contentsquare.options.now()),
        wanted=wanted,
        behaviour=list(_behaviour(contentsquare)),
        forgotten=list(_forgotten(received)),
    )


def _behaviour(contentsquare: Contentsquare) -> Iterator[str]:
    yield from contentsquare.limiter.limits.sentences()
    yield from contentsquare.options.sentences()
    yield from contentsquare.faults.sentences()
    for verb, users in (
        ("Refused", contentsquare.refused_users),
        ("Blocked by a firewall", contentsquare.blocked_users),
    ):
        if users:
            more = f" and {len(users) - 5:,} more" if len(users) > 5 else ""  # noqa: PLR2004 - a line's worth
            yield f"{verb}: batches with {', '.join(sorted(users)[:5])}{more}"


def _forgotten(received: Received) -> Iterator[str]:
    enrichments, totals = received.enrichments, received.totals
    if enrichments.forgotten:
        yield (
            f"{enrichments.forgotten:,} enrichments that were written first; "
            f"{enrichments.keep:,} are kept"
        )
    for name, count in (
        ("requests", totals.requests),
        ("sign-ins", totals.token_requests),
    ):
        if count > KEPT:
            yield f"{count - KEPT:,} {name}, which are only counted"
    if beyond := received.refused.beyond + received.refused_sign_ins.beyond:
        yield f"the reasons of {beyond:,} refusals, which are only counted"
