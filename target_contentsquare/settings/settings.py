"""The settings of a run, checked and frozen: nobody else reads the raw config."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

from target_contentsquare.api.tokens import is_safe_url
from target_contentsquare.errors import ConfigError
from target_contentsquare.mapping.integration_schema import IntegrationSchema
from target_contentsquare.mapping.stream_mapping import StreamMapping
from target_contentsquare.settings.schema import CONFIG_JSONSCHEMA

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

CREDENTIALS = ("client_id", "client_secret")


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
            max_retry_seconds=float(config["max_retry_seconds"]),
            request_timeout_seconds=float(config["request_timeout_seconds"]),
            dry_run=config["dry_run"],
            auth_url=config["auth_url"],
            credentials={
                **{key: config.get(key, "") for key in CREDENTIALS},
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
        max_session_age_days=float(config["max_session_age_days"]),
        truncate_strings=config["truncate_strings"],
        **values,
    )


def _read_schema(value: Any, setting: str) -> IntegrationSchema | None:
    if value is None:
        return None
    if isinstance(value, str):
        # Meltano and the environment hand objects on as text.
        is_inline = value.lstrip().startswith("{")
        value = _parse(value, setting) if is_inline else _load(Path(value), setting)
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


def _parse(text: str, setting: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise ConfigError(f"{setting}: is neither a path nor valid JSON") from None


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
