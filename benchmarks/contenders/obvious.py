"""The obvious SDK target: a BatchSink that posts the records that it gets."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property
from typing import Any

import requests
from singer_sdk import BatchSink, Target
from singer_sdk import typing as th

_TIMEOUT_SECONDS = 30


class EnrichmentSink(BatchSink):
    """A sink that posts a batch when it has 200 rows."""

    max_size = 200

    @cached_property
    def session(self) -> requests.Session:
        """A requests session with the token in its headers."""
        session = requests.Session()
        answer = session.post(
            self.config["auth_url"],
            json={
                "client_id": self.config["client_id"],
                "client_secret": self.config["client_secret"],
                "grant_type": "client_credentials",
                "scope": "enrichment",
            },
            timeout=_TIMEOUT_SECONDS,
        )
        answer.raise_for_status()
        token = answer.json()
        self.url = f"{token['endpoint']}/v1/enrichments"
        self.project_id = token["project_id"]
        session.headers["Authorization"] = f"Bearer {token['access_token']}"
        return session

    def process_batch(self, context: dict[str, Any]) -> None:
        """Send the rows."""
        session = self.session
        response = session.post(
            self.url,
            json={
                "integrationVersion": 1,
                "projectId": self.project_id,
                "enrichments": [_enrichment(row) for row in context["records"]],
            },
            timeout=_TIMEOUT_SECONDS,
        )
        response.raise_for_status()


def _enrichment(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "userId": row["user_id"],
        "sessionNumber": row["session_number"],
        "enrichmentNumber": 1,
        "enrichment": {
            "call_center_name": row["call_center_name"],
            "call_duration": row["call_duration"],
            "call_client_rating": float(row["call_client_rating"]),
            "has_called": row["has_called"],
            "call_date": _as_text(row["call_date"]),
        },
    }


def _as_text(value: datetime | str) -> str:
    """Return a time as text; the SDK has made a datetime of it."""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    return value


class ObviousTarget(Target):
    """A target that uses the SDK as its documentation shows."""

    name = "target-obvious"
    config_jsonschema = th.PropertiesList(
        th.Property("client_id", th.StringType, required=True),
        th.Property("client_secret", th.StringType, required=True, secret=True),
        th.Property("auth_url", th.StringType, required=True),
    ).to_dict()
    default_sink_class = EnrichmentSink


if __name__ == "__main__":
    ObviousTarget.cli()
