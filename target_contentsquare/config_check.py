"""Checking a config: errors name the setting and what is allowed, never a value."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from singer_sdk.plugin_base import JSONSchemaValidator

from target_contentsquare.errors import ConfigError
from target_contentsquare.settings import CREDENTIALS, Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jsonschema import ValidationError


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
        required = [name for name in required if name not in CREDENTIALS]
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


def describe_error(error: ValidationError) -> str:
    """Put a JSON schema error in words that name the setting, never its value."""
    path = ".".join(str(part) for part in error.absolute_path)
    instance: Any = error.instance
    schema: Any = error.schema
    limit: Any = error.validator_value
    if error.validator == "required":
        missing = [key for key in limit if key not in instance]
        prefix = f"{path}." if path else ""
        return "; ".join(f"{prefix}{key}: is required" for key in missing)
    if error.validator == "additionalProperties":
        known = schema.get("properties", {})
        unknown = ", ".join(f"'{key}'" for key in instance if key not in known)
        return f"{path}: has no {unknown}; allowed: {', '.join(known)}"
    return f"{path or 'config'}: must be {_allowed(str(error.validator), limit)}"


def _allowed(validator: str, limit: Any) -> str:
    if validator == "type":
        types = [limit] if isinstance(limit, str) else limit
        return " or ".join(kind for kind in types if kind != "null")
    words = {
        "minimum": f"at least {limit}",
        "maximum": f"at most {limit}",
        "exclusiveMinimum": f"more than {limit}",
        "minLength": "a text that is not empty",
        "minProperties": "an object with at least one entry",
        "enum": f"one of {limit}",
    }
    return words.get(validator, f"valid ({validator})")
