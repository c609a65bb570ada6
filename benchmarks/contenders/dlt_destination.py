"""A dlt pipeline whose custom destination posts 200 rows at a time."""

from __future__ import annotations

import json
import sys
import tempfile
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dlt
import orjson
import requests

from benchmarks.contenders.loop import enrichment, post, sign_in

if TYPE_CHECKING:
    from collections.abc import Iterator

_PAGE_ROWS = 1000


@dlt.resource(name="calls")  # type: ignore[misc]
def calls() -> Iterator[list[dict[str, Any]]]:
    """Yield the rows on standard input, in pages as dlt recommends."""
    page = []
    for line in sys.stdin.buffer:
        message = orjson.loads(line)
        if message["type"] == "RECORD":
            page.append(message["record"])
            if len(page) == _PAGE_ROWS:
                yield page
                page = []
    if page:
        yield page


def main() -> None:
    """Run the pipeline with its files in a temporary folder."""
    config = json.loads(Path(sys.argv[sys.argv.index("--config") + 1]).read_text())
    session = requests.Session()
    token = sign_in(session, config)
    session.headers["Authorization"] = f"Bearer {token['access_token']}"
    session.headers["Content-Type"] = "application/json"

    @dlt.destination(batch_size=200, name="contentsquare")  # type: ignore[misc]
    def contentsquare(items: list[dict[str, Any]], table: Any) -> None:
        _ = table
        post(session, token, [_as_sent(row) for row in items])

    with tempfile.TemporaryDirectory() as folder:
        pipeline = dlt.pipeline(
            "benchmark", pipelines_dir=folder, destination=contentsquare
        )
        pipeline.run(calls())


def _as_sent(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row's enrichment; dlt has made datetimes of its times."""
    sent = enrichment(row)
    moment = sent["enrichment"]["call_date"]
    if isinstance(moment, datetime):
        sent["enrichment"]["call_date"] = moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    return sent


if __name__ == "__main__":
    main()
