"""The setting `streams`, read: a mapping for each stream, with all it inherits."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from target_contentsquare.errors import ConfigError
from target_contentsquare.mapping.integration_schema import IntegrationSchema
from target_contentsquare.mapping.stream_mapping import StreamMapping
from target_contentsquare.settings.mapping_keys import MAPPING_KEYS
from target_contentsquare.settings.paths import path_of
from target_contentsquare.settings.reading.json_object import read_json_object

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

#: Keys of a mapping that are also settings at the top, and what a stream inherits.
_INHERITED = ("project_id", "integration_version")


def read_streams(config: Mapping[str, Any]) -> dict[str, StreamMapping]:
    """Return the mapping of each stream name or glob, in order.

    Args:
        config: Fits the JSON schema, and has its defaults.

    Raises:
        ConfigError: Names the setting and says what is allowed.
    """
    inherited = {
        **{key.name: key.default for key in MAPPING_KEYS},
        **{name: config.get(name) for name in _INHERITED},
        "integration_schema": _read_schema(
            config.get("integration_schema"), "integration_schema"
        ),
        "max_session_age_days": float(config["max_session_age_days"]),
        "truncate_strings": config["truncate_strings"],
    }
    streams = {
        name: _read_mapping(f"streams.{name}", entry, inherited)
        for name, entry in config["streams"].items()
    }
    _check_projects(config, streams)
    return streams


def schema_files(config: Mapping[str, Any]) -> Iterator[tuple[str, Path]]:
    """Yield the setting and the path of each integration schema read from a file.

    Args:
        config: One that `read_streams` has taken.
    """
    given = {"integration_schema": config.get("integration_schema")}
    for name, entry in config["streams"].items():
        setting = f"streams.{name}.integration_schema"
        given[setting] = entry.get("integration_schema")
    for setting, value in given.items():
        if isinstance(value, str) and not _is_inline(value):
            yield setting, path_of(value, setting)


def _read_mapping(
    setting: str, entry: Mapping[str, Any], inherited: Mapping[str, Any]
) -> StreamMapping:
    given = {key: value for key, value in entry.items() if value is not None}
    if "session_key" in given and ("user_id" in given or "session_number" in given):
        msg = f"{setting}: has session_key, so user_id and session_number must go"
        raise ConfigError(msg)
    if "integration_schema" in given:
        given["integration_schema"] = _read_schema(
            given["integration_schema"], f"{setting}.integration_schema"
        )
    return StreamMapping(setting=setting, **{**inherited, **given})


def _read_schema(value: Any, setting: str) -> IntegrationSchema | None:
    if value is None:
        return None
    if isinstance(value, str):
        # Meltano and the environment hand objects on as text.
        read = _parse if _is_inline(value) else read_json_object
        value = read(value, setting)
    return IntegrationSchema.parse(value, setting)


def _is_inline(value: str) -> bool:
    return value.lstrip().startswith("{")


def _parse(text: str, setting: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise ConfigError(f"{setting}: is neither a path nor valid JSON") from None


def _check_projects(
    config: Mapping[str, Any], streams: Mapping[str, StreamMapping]
) -> None:
    """Raise an error where one project may go by two names: order is kept by project.

    A stream without a project id uses the project of the credentials, which another
    stream may name by its number.
    """
    without = [m.setting for m in streams.values() if m.project_id is None]
    if without and len(without) < len(streams) and not config.get("project_id"):
        msg = (
            f"project_id: other streams say theirs, but {', '.join(without)} does not: "
            "set project_id at the top, or for every stream"
        )
        raise ConfigError(msg)
