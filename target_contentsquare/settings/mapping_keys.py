"""The keys of a stream's mapping, declared once: all else follows from here."""

from __future__ import annotations

from target_contentsquare.mapping.identity import MAX_ENRICHMENT_NUMBER
from target_contentsquare.settings.setting import Setting

MAPPING_KEYS = (
    Setting(
        "user_id",
        ("string",),
        title="User id",
        description="Property that holds the Contentsquare user id",
        default="user_id",
    ),
    Setting(
        "session_number",
        ("string",),
        title="Session number",
        description="Property that holds the session number",
        default="session_number",
    ),
    Setting(
        "session_key",
        ("string",),
        title="Session key",
        description="Property that holds userId.sessionNumber, as Contentsquare's tag "
        "gives it; instead of user_id and session_number",
    ),
    Setting(
        "session_started_at",
        ("string",),
        title="Session start",
        description="Property that holds when the session started: ISO 8601, a date, "
        "or Unix seconds or milliseconds. Without it: session_started_at, where the "
        "stream has it",
    ),
    Setting(
        "enrichment_number",
        ("integer", "string"),
        title="Enrichment number",
        description="Which of the session's three enrichments: 1, 2, 3, the property "
        "that says it, or auto: the rows of a session get 1, 2 and 3 as they come, and "
        "keep them (needs memory_path and key properties)",
        default=1,
        minimum=1,
        maximum=MAX_ENRICHMENT_NUMBER,
    ),
    Setting(
        "project_id",
        ("integer", "string"),
        title="Project ID",
        description="Contentsquare project of this stream, or the property that holds "
        "each row's",
        minimum=1,
    ),
    Setting(
        "integration_id",
        ("integer", "string"),
        title="Integration ID",
        description="Integration of this stream, sent in the token request",
    ),
    Setting(
        "integration_version",
        ("integer",),
        title="Integration version",
        description="Registered schema version of this stream",
        minimum=1,
    ),
    Setting(
        "integration_schema",
        ("object", "string"),
        title="Integration schema",
        description="Registered integration schema of this stream, or the path of a "
        "JSON file with it",
    ),
    Setting(
        "fields",
        ("object",),
        title="Fields",
        description="Enrichment field -> property. Without it: the integration "
        "schema's fields by name; without a schema, every scalar property not used "
        "above",
        entry=Setting(
            "property",
            ("string",),
            title="Property",
            description="Property that the field is filled from",
        ),
    ),
)
