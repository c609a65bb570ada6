"""The JSON schema of a config, from the declared settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from target_contentsquare.settings.setting import Setting


#: The largest integer where none is declared: other systems hold none that is larger.
MAX_INTEGER = 2**63 - 1


def config_schema(settings: Iterable[Setting]) -> dict[str, Any]:
    """Return the JSON schema (draft 2020-12) of a config with these settings.

    Every call makes a new one, so that a host may add to its own.
    """
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        **_properties(settings),
    }


def _properties(settings: Iterable[Setting]) -> dict[str, Any]:
    settings = tuple(settings)
    return {
        "properties": {setting.name: _schema(setting) for setting in settings},
        "required": [setting.name for setting in settings if setting.is_required],
    }


def _schema(setting: Setting) -> dict[str, Any]:
    schema: dict[str, Any] = {
        "type": [*setting.types, *(() if setting.is_required else ("null",))],
        "title": setting.title,
        "description": setting.description,
        **_limits(setting),
    }
    if setting.default is not None:
        schema["default"] = setting.default
    if setting.is_secret:
        schema |= {"secret": True, "writeOnly": True}
    if setting.keys:
        schema |= _properties(setting.keys)
        schema["additionalProperties"] = setting.takes_other_keys
    if setting.entry is not None:
        entry = _schema(setting.entry)
        schema["additionalProperties"] = {**entry, "type": [*setting.entry.types]}
    return schema


def _limits(setting: Setting) -> dict[str, Any]:
    maximum = setting.maximum
    if maximum is None and "integer" in setting.types:
        maximum = MAX_INTEGER
    limits = {
        "minLength": 1 if "string" in setting.types else None,
        "minimum": setting.minimum,
        "maximum": maximum,
        "exclusiveMinimum": setting.above,
        "minProperties": 1 if setting.entry is not None else None,
    }
    return {word: limit for word, limit in limits.items() if limit is not None}
