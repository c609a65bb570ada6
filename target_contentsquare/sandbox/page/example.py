"""What an empty page tells to do: a config, and a command that sends a row."""

import json
from dataclasses import dataclass

from target_contentsquare.sandbox.options import Options

_DEFAULT_SECRET = "sandbox-secret"  # noqa: S105 - printed when the sandbox starts


@dataclass(frozen=True, slots=True)
class Example:
    """Text to paste.

    Attributes:
        command: shell commands that write the target's config and send a row.
        is_complete: whether the config has the secret. A secret that someone chose is
            not shown.
    """

    command: str
    is_complete: bool


def example(options: Options, auth_url: str) -> Example:
    """Return what works with this sandbox.

    Args:
        options: its credentials, schemas and rules.
        auth_url: the token endpoint, as the reader of the page reaches it.
    """
    is_complete = options.client_secret == _DEFAULT_SECRET
    version = min(options.versions, default=1)
    config: dict[str, object] = {
        "auth_url": auth_url,
        "client_id": options.client_id,
        "client_secret": options.client_secret if is_complete else "…",
        "project_id": min(options.projects, default=162),
        "integration_version": version,
        "streams": {"calls": {}},
    }
    if options.sign_in.integration_ids or options.sign_in.integration_id_required:
        config["integration_id"] = min(options.sign_in.integration_ids, default="100")
    text = json.dumps(config, indent=2, ensure_ascii=False)
    return Example(_command(text, _fields(options, version)), is_complete)


def _fields(options: Options, version: int) -> dict[str, object]:
    """Return values that the registered schema takes."""
    values: dict[str, object] = {
        "STRING": "RENNES",
        "INT": 3532,
        "FLOAT": 4.5,
        "BOOL": True,
        "DATETIME": "2026-01-01T20:02:22Z",
    }
    schema = options.integration_schemas.get(version)
    if schema is None:
        return {"call_center_name": "RENNES", "call_duration": 3532}
    return {name: values[field_type] for name, field_type in schema.types.items()}


def _command(config: str, fields: dict[str, object]) -> str:
    row = {"user_id": "aaa-aaa-aaa", "session_number": 5} | fields
    types = {name: {"type": _json_type(value)} for name, value in row.items()}
    dates = {name for name, value in fields.items() if str(value).endswith("Z")}
    for name in dates:
        types[name]["format"] = "date-time"
    messages = [
        {
            "type": "SCHEMA",
            "stream": "calls",
            "schema": {"properties": types},
            "key_properties": [],
        },
        {"type": "RECORD", "stream": "calls", "record": row},
    ]
    lines = "\n".join(json.dumps(m, ensure_ascii=False) for m in messages)
    return (
        f"cat > config.json <<'END'\n{config}\nEND\n"
        f"target-contentsquare --config config.json <<'END'\n{lines}\nEND\n"
    )


def _json_type(value: object) -> str:
    names = {bool: "boolean", int: "integer", float: "number", str: "string"}
    return names[type(value)]
