"""Checking a config: errors name the setting and what is allowed, never a value."""

from __future__ import annotations

import json
import math
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from singer_sdk.plugin_base import JSONSchemaValidator

from target_contentsquare.errors import ConfigError
from target_contentsquare.settings.settings import CREDENTIALS, Settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

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
    # The SDK's own schema for stream maps says no more than "not valid", or fails.
    properties = {**schema["properties"], "stream_maps": {"type": ["object", "null"]}}
    validator = JSONSchemaValidator(
        {**schema, "required": required, "properties": properties}
    )
    errors = [describe_error(error) for error in validator.iter_errors(config)]
    errors += [*_check_stream_maps(config), *_check_finite(config)]
    if errors:
        return list(dict.fromkeys(errors)), None
    try:
        return [], Settings.from_config(config)
    except ConfigError as error:
        return [str(error)], None


_TEXTS = ("__alias__", "__filter__", "__source__")


def _check_stream_maps(config: Mapping[str, Any]) -> Iterator[str]:
    maps = config.get("stream_maps")
    for stream, one in maps.items() if isinstance(maps, dict) else ():
        if one is None or one == "__NULL__":
            continue
        if not isinstance(one, dict):
            yield f"stream_maps.{stream}: must be an object, or null to leave it out"
            continue
        for name, value in one.items():
            where = f"stream_maps.{stream}.{name}"
            if name == "__else__" and value is not None and value != "__NULL__":
                yield f"{where}: must be null"
            elif name == "__key_properties__":
                if not isinstance(value, (list, type(None))):
                    yield f"{where}: must be a list of properties, or null"
            elif name in _TEXTS and not isinstance(value, str):
                yield f"{where}: must be a text"
            elif not isinstance(value, (str, type(None))):
                yield f"{where}: must be an expression in a text, or null"


def _check_finite(config: Mapping[str, Any]) -> Iterator[str]:
    """JSON as Python reads it has numbers that JSON has not."""
    for name, value in config.items():
        if isinstance(value, float) and not math.isfinite(value):
            yield f"{name}: must be a finite number"


def unknown_settings(config: Mapping[str, Any], known: Mapping[str, Any]) -> list[str]:
    """Say which settings there are none of, and which was probably meant."""
    found = []
    for name in config:
        if name not in known:
            meant = _similar(name, known, "did you mean")
            found.append(f"there is no setting '{name}', it is ignored{meant}")
    return found


def _similar(name: str, others: Iterable[str], question: str) -> str:
    near = get_close_matches(name, others, n=1)
    return f"; {question} '{near[0]}'?" if near else ""


def describe_error(error: ValidationError) -> str:
    """Put a JSON schema error in words that name the setting, never its value."""
    path = ".".join(str(part) for part in error.absolute_path)
    instance: Any = error.instance
    schema: Any = error.schema
    limit: Any = error.validator_value
    if error.validator == "required":
        missing = [key for key in limit if key not in instance]
        prefix = f"{path}." if path else ""
        others = [key for key in instance if key not in schema.get("properties", {})]
        return "; ".join(
            f"{prefix}{key}: is required{_similar(key, others, 'is it')}"
            for key in missing
        )
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


def read_config_file(path: str) -> dict[str, Any]:
    """Read a config file, once: it may be a pipe.

    Raises:
        ConfigError: Names the file, and says what is wrong with it.
    """
    try:
        config = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(
            f"--config '{path}': can't be read: {error.strerror}"
        ) from None
    except json.JSONDecodeError as error:
        raise ConfigError(
            f"--config '{path}': not valid JSON, see line {error.lineno}, column "
            f"{error.colno}"
        ) from None
    except (ValueError, RecursionError):
        config = None
    if not isinstance(config, dict):
        raise ConfigError(f"--config '{path}': not a JSON object")
    return config


def plain_numbers(value: Any) -> Any:
    """The config with integral numbers as integers, and no Decimals.

    To JSON schema 2.0 is an integer, so it may stand for one.
    """
    if isinstance(value, dict):
        return {name: plain_numbers(one) for name, one in value.items()}
    if isinstance(value, Decimal):
        value = float(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value
