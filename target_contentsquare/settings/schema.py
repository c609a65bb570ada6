"""The settings as the SDK, and who reads `--about`, know them."""

from __future__ import annotations

from typing import Any

from singer_sdk import typing as th

from target_contentsquare.api.tokens import DEFAULT_SCOPE, PRODUCTION_AUTH_URL
from target_contentsquare.mapping.identity import MAX_ENRICHMENT_NUMBER
from target_contentsquare.mapping.session_age import MAX_SESSION_AGE_DAYS

#: The API takes at most this many enrichments in a batch.
MAX_BATCH_ROWS = 200
MAX_PARALLEL_REQUESTS = 64

_PROPERTY_NAME = {"type": "string", "minLength": 1}
_PROJECT_ID = {"type": "integer", "minimum": 1}
_INTEGRATION_SCHEMA = {"type": ["object", "string"], "minLength": 1}


def _integer_or_property(minimum: int, maximum: int | None = None) -> dict[str, Any]:
    schema: dict[str, Any] = {
        "type": ["integer", "string"],
        "minimum": minimum,
        "minLength": 1,
    }
    if maximum is not None:
        schema["maximum"] = maximum
    return schema


# Written as JSON schema, since the SDK's helpers have no words for "integer or text".
_MAPPING = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "user_id": {
            **_PROPERTY_NAME,
            "description": "Property that holds the Contentsquare user id. "
            "Default: user_id",
        },
        "session_number": {
            **_PROPERTY_NAME,
            "description": "Property that holds the session number. "
            "Default: session_number",
        },
        "session_key": {
            **_PROPERTY_NAME,
            "description": "Property that holds userId.sessionNumber, as "
            "Contentsquare's tag gives it; instead of user_id and session_number",
        },
        "session_started_at": {
            **_PROPERTY_NAME,
            "description": "Property that holds when the session started: ISO 8601, a "
            "date, or Unix seconds or milliseconds. Default: session_started_at, "
            "where the stream has it",
        },
        "enrichment_number": {
            **_integer_or_property(1, MAX_ENRICHMENT_NUMBER),
            "description": "Which of the session's three enrichments: 1, 2, 3 or the "
            "property that says it. Default: 1",
        },
        "project_id": {
            **_integer_or_property(1),
            "description": "Contentsquare project of this stream, or the property "
            "that holds each row's",
        },
        "integration_version": {
            "type": "integer",
            "minimum": 1,
            "description": "Registered schema version of this stream",
        },
        "integration_schema": {
            **_INTEGRATION_SCHEMA,
            "description": "Registered integration schema of this stream, or the "
            "path of a JSON file with it",
        },
        "fields": {
            "type": "object",
            "minProperties": 1,
            "additionalProperties": _PROPERTY_NAME,
            "description": "Enrichment field -> property. Default: the integration "
            "schema's fields by name; without one, every scalar property not used "
            "above",
        },
    },
}

CONFIG_JSONSCHEMA: dict[str, Any] = th.PropertiesList(
    th.Property(
        "client_id",
        th.StringType(min_length=1),
        required=True,
        secret=True,
        title="Client ID",
        description="OAuth client id from the Contentsquare console. "
        "Not needed for a dry run",
    ),
    th.Property(
        "client_secret",
        th.StringType(min_length=1),
        required=True,
        secret=True,
        title="Client secret",
        description="OAuth client secret from the Contentsquare console; it expires "
        "after a year. Not needed for a dry run",
    ),
    th.Property(
        "project_id",
        th.IntegerType(minimum=1),
        title="Project ID",
        description="Contentsquare project, unless a stream says otherwise. Needed "
        "with account-level credentials; project-level ones know theirs",
    ),
    th.Property(
        "integration_version",
        th.IntegerType(minimum=1),
        default=1,
        title="Integration version",
        description="Version of the integration schema registered with Contentsquare, "
        "unless a stream says otherwise",
    ),
    th.Property(
        "integration_schema",
        th.CustomType({"type": ["object", "string"], "minLength": 1}),
        title="Integration schema",
        description="The schema registered with Contentsquare, or the path of a JSON "
        "file with it: rows are checked and converted against it before anything is "
        "sent",
    ),
    th.Property(
        "streams",
        th.CustomType(
            {
                "type": "object",
                "minProperties": 1,
                "additionalProperties": _MAPPING,
            }
        ),
        required=True,
        title="Streams",
        description="Stream name or glob -> how its rows become enrichments. An exact "
        "name wins, then the first glob in order. Streams without a mapping are "
        "skipped",
    ),
    th.Property(
        "max_session_age_days",
        th.NumberType(exclusive_minimum=0, maximum=MAX_SESSION_AGE_DAYS),
        default=MAX_SESSION_AGE_DAYS,
        title="Maximum session age",
        description="Rows of sessions that started more days ago are dropped: "
        "Contentsquare would silently throw them away after 7",
    ),
    th.Property(
        "batch_size_rows",
        th.IntegerType(minimum=1, maximum=MAX_BATCH_ROWS),
        default=MAX_BATCH_ROWS,
        title="Batch size",
        description="Rows in one request, 1 to 200",
    ),
    th.Property(
        "max_parallel_requests",
        th.IntegerType(minimum=1, maximum=MAX_PARALLEL_REQUESTS),
        default=8,
        title="Parallel requests",
        description="Requests in flight at the same time, 1 to 64. Rows of the same "
        "enrichment never overtake each other",
    ),
    th.Property(
        "truncate_strings",
        th.BooleanType(),
        default=False,
        title="Truncate strings",
        description="Cut strings over 50 bytes between two characters, instead of "
        "rejecting their rows",
    ),
    th.Property(
        "rejected_path",
        th.StringType(min_length=1),
        title="Rejected rows",
        description="File that undeliverable rows are appended to, as Singer messages "
        "that can be fed in again. Without it, the first such row fails the run",
    ),
    th.Property(
        "max_rejected",
        th.IntegerType(minimum=0),
        default=1000,
        title="Maximum of rejected rows",
        description="More undeliverable rows than this fail the run",
    ),
    th.Property(
        "max_retry_seconds",
        th.NumberType(minimum=0),
        default=300,
        title="Retry time",
        description="For how many seconds one request keeps being retried",
    ),
    th.Property(
        "request_timeout_seconds",
        th.NumberType(exclusive_minimum=0),
        default=30,
        title="Request timeout",
        description="For how many seconds one attempt waits for the connection, and "
        "for the answer",
    ),
    th.Property(
        "dry_run",
        th.BooleanType(),
        default=False,
        title="Dry run",
        description="Do everything but talk to Contentsquare: no credentials needed, "
        "no state printed, a sample enrichment per stream shown",
    ),
    th.Property(
        "auth_url",
        th.StringType(min_length=1),
        default=PRODUCTION_AUTH_URL,
        title="Authentication URL",
        description="Where to sign in; to be changed for a sandbox only",
    ),
    th.Property(
        "oauth_scope",
        th.StringType(min_length=1),
        default=DEFAULT_SCOPE,
        title="OAuth scope",
        description="Scope to ask a token for",
    ),
    th.Property(
        "validate_records",
        th.BooleanType(),
        default=False,
        title="Validate records",
        description="Also check every whole row against the stream's JSON schema. Off "
        "by default, since every value that is sent is checked anyway",
    ),
    th.Property(
        "batch_config",
        th.ObjectType(
            th.Property(
                "storage",
                th.ObjectType(
                    th.Property(
                        "root",
                        th.StringType(min_length=1),
                        title="Batch storage root",
                        description="Folder or URL to read the files from, instead of "
                        "where the tap says they are",
                    ),
                    th.Property(
                        "params",
                        th.ObjectType(),
                        title="Batch storage parameters",
                        description="Parameters for fsspec, such as credentials",
                    ),
                ),
                title="Batch storage",
                description="Where the files of BATCH messages are read from",
            ),
        ),
        title="Batch configuration",
        description="For taps that write BATCH messages: files of JSON lines, plain or "
        "gzip",
    ),
).to_dict()
