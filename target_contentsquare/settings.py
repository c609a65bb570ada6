"""The settings: their JSON schema, and the frozen values that the rest works with."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from difflib import get_close_matches
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

from singer_sdk import typing as th
from singer_sdk.configuration._dict_config import parse_environment_config
from singer_sdk.plugin_base import JSONSchemaValidator

from target_contentsquare.auth import DEFAULT_SCOPE, PRODUCTION_AUTH_URL, is_safe_url
from target_contentsquare.errors import ConfigError
from target_contentsquare.fields import IntegrationSchema
from target_contentsquare.mapping import (
    MAX_ENRICHMENT_NUMBER,
    MAX_SESSION_AGE_DAYS,
    StreamMapping,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from jsonschema import ValidationError

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
).to_dict()

_CREDENTIALS = ("client_id", "client_secret")


@dataclass(frozen=True, slots=True)
class Settings:
    """A run's settings, checked, defaults filled in."""

    streams: Mapping[str, StreamMapping]
    batch_size_rows: int
    max_parallel_requests: int
    rejected_path: Path | None
    max_rejected: int
    max_retry_seconds: float
    request_timeout_seconds: float
    dry_run: bool
    auth_url: str
    credentials: Mapping[str, str] = field(repr=False)
    warnings: tuple[str, ...] = ()

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Settings:
        """Build the settings from a config that fits `CONFIG_JSONSCHEMA`.

        Reads the files with integration schemas.

        Raises:
            ConfigError: Names the setting and says what is allowed.
        """
        defaults = {
            name: schema["default"]
            for name, schema in CONFIG_JSONSCHEMA["properties"].items()
            if "default" in schema
        }
        given = {name: value for name, value in config.items() if value is not None}
        config = {**defaults, **given}
        streams = _read_streams(config)
        _check_projects(config, streams)
        if not is_safe_url(config["auth_url"]):
            msg = "auth_url: must be an https URL; http only for a sandbox on loopback"
            raise ConfigError(msg)
        rejected_path = config.get("rejected_path")
        return cls(
            streams=streams,
            batch_size_rows=config["batch_size_rows"],
            max_parallel_requests=config["max_parallel_requests"],
            rejected_path=Path(rejected_path) if rejected_path else None,
            max_rejected=config["max_rejected"],
            max_retry_seconds=config["max_retry_seconds"],
            request_timeout_seconds=config["request_timeout_seconds"],
            dry_run=config["dry_run"],
            auth_url=config["auth_url"],
            credentials={
                **{key: config.get(key, "") for key in _CREDENTIALS},
                "scope": config["oauth_scope"],
            },
            warnings=tuple(_name_warnings(streams)),
        )

    @property
    def projects(self) -> list[int | None]:
        """The projects that the settings name; None for the credentials' own."""
        named = {m.project_id for m in self.streams.values()}
        constant = {p for p in named if not isinstance(p, str)}
        return sorted(constant, key=lambda project: project or 0)

    def mapping_for(self, stream: str) -> StreamMapping | None:
        """Find a stream's mapping: its exact name, else the first glob that matches."""
        if stream in self.streams:
            return self.streams[stream]
        matches = (m for glob, m in self.streams.items() if fnmatchcase(stream, glob))
        return next(matches, None)


def _read_streams(config: Mapping[str, Any]) -> dict[str, StreamMapping]:
    inherited = {
        "project_id": config.get("project_id"),
        "integration_version": config["integration_version"],
        "integration_schema": _read_schema(
            config.get("integration_schema"), "integration_schema"
        ),
    }
    return {
        name: _read_mapping(name, entry, inherited, config)
        for name, entry in config["streams"].items()
    }


def _read_mapping(
    name: str,
    entry: Mapping[str, Any],
    inherited: Mapping[str, Any],
    config: Mapping[str, Any],
) -> StreamMapping:
    setting = f"streams.{name}"
    if "session_key" in entry and ("user_id" in entry or "session_number" in entry):
        msg = f"{setting}: has session_key, so user_id and session_number must go"
        raise ConfigError(msg)
    values = {**inherited, **entry}
    if "integration_schema" in entry:
        values["integration_schema"] = _read_schema(
            entry["integration_schema"], f"{setting}.integration_schema"
        )
    return StreamMapping(
        setting=setting,
        max_session_age_days=config["max_session_age_days"],
        truncate_strings=config["truncate_strings"],
        **values,
    )


def _read_schema(value: Any, setting: str) -> IntegrationSchema | None:
    if value is None:
        return None
    if isinstance(value, str):
        value = _load(Path(value), setting)
    return IntegrationSchema.parse(value, setting)


def _load(path: Path, setting: str) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        msg = f"{setting}: can't read '{path}': {error.strerror}"
        raise ConfigError(msg) from None
    except ValueError:
        msg = f"{setting}: '{path}' is not a JSON file"
        raise ConfigError(msg) from None


def _check_projects(
    config: Mapping[str, Any], streams: Mapping[str, StreamMapping]
) -> None:
    """One project must not go by two names: order is kept per project."""
    without = [m.setting for m in streams.values() if m.project_id is None]
    if without and len(without) < len(streams) and not config.get("project_id"):
        msg = (
            f"project_id: other streams say theirs, but {', '.join(without)} does not: "
            "set project_id at the top, or for every stream"
        )
        raise ConfigError(msg)


def _name_warnings(streams: Mapping[str, StreamMapping]) -> Iterator[str]:
    schemas = {id(m.integration_schema): m.integration_schema for m in streams.values()}
    for schema in schemas.values():
        for name in schema.long_names if schema else ():
            yield (
                f"integration_schema: the name '{name}' has over 30 bytes; "
                "Contentsquare's documentation allows 50 in one place and 30 in another"
            )


def describe_error(error: ValidationError) -> str:
    """Put a JSON schema error in words that name the setting, never its value."""
    path = ".".join(str(part) for part in error.absolute_path)
    if error.validator == "required":
        missing = [key for key in error.validator_value if key not in error.instance]
        where = f"{path}." if path else ""
        return "; ".join(f"{where}{key}: is required" for key in missing)
    if error.validator == "additionalProperties":
        return _unknown_keys(error, path)
    return f"{path or 'config'}: must be {_allowed(error)}"


def _unknown_keys(error: ValidationError, path: str) -> str:
    known = list(error.schema.get("properties", {}))
    unknown = [key for key in error.instance if key not in known]
    return (
        f"{path}: has no {', '.join(map(repr, unknown))}; allowed: {', '.join(known)}"
    )


def _allowed(error: ValidationError) -> str:
    limit = error.validator_value
    words = {
        "minimum": f"at least {limit}",
        "maximum": f"at most {limit}",
        "exclusiveMinimum": f"more than {limit}",
        "minLength": "a text that is not empty",
        "minProperties": "an object with at least one entry",
        "enum": f"one of {limit}",
    }
    if error.validator == "type":
        types = [limit] if isinstance(limit, str) else limit
        return " or ".join(kind for kind in types if kind != "null")
    return words.get(str(error.validator), f"valid ({error.validator})")


def check(
    config: Mapping[str, Any], schema: Mapping[str, Any]
) -> tuple[list[str], Settings | None]:
    """Check a config; fills in the defaults, as the SDK does.

    Args:
        config: As it was given.
        schema: `CONFIG_JSONSCHEMA`, with the SDK's settings added.

    Returns:
        What is wrong, in words that name the setting and say what is allowed, or the
        settings.
    """
    required = schema.get("required", [])
    if config.get("dry_run") is True:
        required = [name for name in required if name not in _CREDENTIALS]
    validator = JSONSchemaValidator({**schema, "required": required})
    errors = [describe_error(error) for error in validator.iter_errors(config)]
    if errors:
        return list(dict.fromkeys(errors)), None
    try:
        return [], Settings.from_config(config)
    except ConfigError as error:
        return [str(error)], None


def unknown_settings(config: Mapping[str, Any], known: Mapping[str, Any]) -> list[str]:
    """Say which settings there are none of, and which was probably meant."""
    found = []
    for name in config:
        if name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            found.append(f"there is no setting '{name}', it is ignored{hint}")
    return found


def read_environment(schema: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """Read settings from environment variables, and from a `.env` file.

    Raises:
        ConfigError: Names the variable and says what is allowed.
    """
    # Lets the SDK load `.env`; it has no settings to look for yet.
    parse_environment_config({"properties": {}}, prefix)
    config = {}
    for name, setting in schema["properties"].items():
        variable = f"{prefix}{name.upper()}"
        if variable in os.environ:
            config[name] = _read_variable(variable, setting["type"])
    return config


def _read_variable(variable: str, types: str | list[str]) -> Any:
    text = os.environ[variable]
    try:
        if "integer" in types:
            return int(text)
        if "number" in types:
            return float(text)
        if "boolean" in types:
            return {"true": True, "1": True, "yes": True, "on": True}.get(
                text.lower(), False
            )
        if "object" in types and ("string" not in types or text.startswith("{")):
            return json.loads(text)
    except ValueError:
        allowed = " or ".join(one for one in types if one != "null")
        msg = f"{variable}: must be {allowed}"
        raise ConfigError(msg) from None
    return text
