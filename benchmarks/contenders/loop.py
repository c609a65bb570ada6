"""A hand-written loop: orjson, a requests session, no checks and no state."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import orjson
import requests

_TIMEOUT_SECONDS = 30
_BATCH_ROWS = 200


def main() -> None:
    """Send the rows on standard input, 200 in each request."""
    config = json.loads(Path(sys.argv[sys.argv.index("--config") + 1]).read_text())
    session = requests.Session()
    token = sign_in(session, config)
    session.headers["Authorization"] = f"Bearer {token['access_token']}"
    session.headers["Content-Type"] = "application/json"
    batch: list[dict[str, Any]] = []
    for line in sys.stdin.buffer:
        message = orjson.loads(line)
        if message["type"] == "RECORD":
            batch.append(enrichment(message["record"]))
            if len(batch) == _BATCH_ROWS:
                post(session, token, batch)
                batch = []
    if batch:
        post(session, token, batch)


def sign_in(session: requests.Session, config: dict[str, Any]) -> dict[str, Any]:
    """Return the answer to a token request, made as the API's documentation shows."""
    answer = session.post(
        config["auth_url"],
        json={
            "client_id": config["client_id"],
            "client_secret": config["client_secret"],
            "grant_type": "client_credentials",
            "scope": "enrichment",
        },
        timeout=_TIMEOUT_SECONDS,
    )
    answer.raise_for_status()
    return answer.json()  # type: ignore[no-any-return]


def enrichment(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row as the enrichment that the API expects."""
    return {
        "userId": row["user_id"],
        "sessionNumber": row["session_number"],
        "enrichmentNumber": 1,
        "enrichment": {
            "call_center_name": row["call_center_name"],
            "call_duration": row["call_duration"],
            "call_client_rating": row["call_client_rating"],
            "has_called": row["has_called"],
            "call_date": row["call_date"],
        },
    }


def post(
    session: requests.Session, token: dict[str, Any], batch: list[dict[str, Any]]
) -> None:
    """Send a batch."""
    body = {
        "integrationVersion": 1,
        "projectId": token["project_id"],
        "enrichments": batch,
    }
    response = session.post(
        f"{token['endpoint']}/v1/enrichments",
        data=orjson.dumps(body),
        timeout=_TIMEOUT_SECONDS,
    )
    response.raise_for_status()


if __name__ == "__main__":
    main()
