"""Singer messages for tests, one line each."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Properties = Mapping[str, Mapping[str, Any]]

#: The properties of a stream of calls, as a warehouse tap would describe them.
CALLS: Properties = {
    "user_id": {"type": "string"},
    "session_number": {"type": "integer"},
    "session_started_at": {"type": ["string", "null"], "format": "date-time"},
    "call_center_name": {"type": ["string", "null"]},
    "call_duration": {"type": ["integer", "null"]},
    "call_client_rating": {"type": ["number", "null"]},
    "has_called": {"type": ["boolean", "null"]},
    "call_date": {"type": ["string", "null"], "format": "date-time"},
}


def schema(
    stream: str = "calls",
    properties: Properties = CALLS,
    key_properties: Sequence[str] = (),
    **more: object,
) -> str:
    """Return a SCHEMA message; keywords are added to the JSON schema."""
    json_schema = {"type": "object", "properties": properties, **more}
    return json.dumps(
        {
            "type": "SCHEMA",
            "stream": stream,
            "schema": json_schema,
            "key_properties": list(key_properties),
        }
    )


def record(row: object, stream: str = "calls") -> str:
    """Return a RECORD message."""
    return json.dumps({"type": "RECORD", "stream": stream, "record": row})


def state(value: object) -> str:
    """Return a STATE message."""
    return json.dumps({"type": "STATE", "value": value})


def call(user: str = "u-1", session: object = 1, **fields: object) -> dict[str, object]:
    """Return a deliverable row of the stream of calls; keywords change its values."""
    row: dict[str, object] = {"user_id": user, "session_number": session}
    return {**row, "call_duration": 60, **fields}


def calls(count: int, *, first: int = 0) -> list[str]:
    """Return RECORD messages of as many users, `u-0` and following."""
    return [record(call(f"u-{n}")) for n in range(first, first + count)]


def stream_of(
    rows: Iterable[object], properties: Properties = CALLS, stream: str = "calls"
) -> list[str]:
    """Return a stream's SCHEMA and RECORD messages."""
    return [schema(stream, properties), *(record(row, stream) for row in rows)]
