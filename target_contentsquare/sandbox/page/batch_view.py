"""The page of one batch."""

import json
import shlex
from dataclasses import dataclass

from target_contentsquare.sandbox import strict_json
from target_contentsquare.sandbox.received.exchanges import Answer, Exchange
from target_contentsquare.sandbox.received.received import Received
from target_contentsquare.sandbox.received.summaries import RequestSummary


@dataclass(frozen=True, slots=True)
class BatchView:
    """What the page of a batch shows.

    Attributes:
        summary: what became of it.
        is_kept: whether the batch itself is still there.
        body: the batch as it came; "" where it is not kept.
        row: the enrichment at fault with indentation; None where there is none.
        answer: None where the connection was cut, or where it is not kept.
        curl: the command that sends the batch again.
    """

    summary: RequestSummary
    is_kept: bool
    body: str = ""
    row: str | None = None
    answer: Answer | None = None
    curl: str = ""


def batch_view(received: Received, number: int, url: str) -> BatchView | None:
    """Return what is known of a batch, None where it is no longer known.

    Args:
        received: what reached the sandbox.
        number: of the request, from 1.
        url: of the enrichments endpoint, as the reader of the page reaches it.
    """
    summary = received.request(number)
    exchange = received.exchange(number)
    if summary is None:
        return None
    if exchange is None:
        return BatchView(summary, is_kept=False)
    body = exchange.body.decode("utf-8", "backslashreplace")
    return BatchView(
        summary,
        is_kept=True,
        body=body,
        row=_row(exchange.body, summary.row),
        answer=exchange.answer,
        curl=_curl(exchange, body, url),
    )


def _row(body: bytes, row: int | None) -> str | None:
    if row is None:
        return None
    document = strict_json.parse(body)
    rows = document["enrichments"] if isinstance(document, dict) else []
    return json.dumps(rows[row], indent=2, ensure_ascii=False)


def _curl(exchange: Exchange, body: str, url: str) -> str:
    authorization = exchange.authorization or "Bearer TOKEN"
    return (
        f"curl --request POST {shlex.quote(url)} \\\n"
        f"  --header {shlex.quote(f'Authorization: {authorization}')} \\\n"
        "  --header 'Content-Type: application/json' \\\n"
        f"  --data-raw {shlex.quote(body)}\n"
    )
