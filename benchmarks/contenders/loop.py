"""The hand-written loop: orjson, one requests session, no checks, no state."""

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
    """Send what standard input has, 200 rows at a time."""
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
    """Ask for a token, as the API's documentation shows it."""
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
    """Shape a row as the API wants it."""
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
