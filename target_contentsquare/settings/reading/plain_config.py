"""A config as JSON means it, with the defaults filled in."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def plain_config(
    config: Mapping[str, Any], schema: Mapping[str, Any]
) -> dict[str, Any]:
    """Return a config with plain numbers, without nulls, and with the defaults.

    Args:
        config: As it was given.
        schema: The JSON schema of the config: it has the defaults.
    """
    defaults = {
        name: setting["default"]
        for name, setting in schema["properties"].items()
        if setting.get("default") is not None
    }
    given = {name: value for name, value in config.items() if value is not None}
    return {**defaults, **plain_numbers(given)}


def plain_numbers(value: Any) -> Any:
    """Return a value with integral numbers as integers, and without Decimals.

    To JSON schema 2.0 is an integer, so it may stand for one.
    """
    if isinstance(value, dict):
        return {name: plain_numbers(inner) for name, inner in value.items()}
    if isinstance(value, Decimal):
        value = float(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value
