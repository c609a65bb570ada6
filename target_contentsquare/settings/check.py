"""Checking a config: what is wrong is raised, all of it at once."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from jsonschema import Draft202012Validator

from target_contentsquare.errors import ConfigError
from target_contentsquare.settings.declared import CREDENTIALS
from target_contentsquare.settings.fault_words import describe_fault
from target_contentsquare.settings.reading.plain_config import plain_config
from target_contentsquare.settings.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def check(config: Mapping[str, Any], schema: Mapping[str, Any]) -> Settings:
    """Return the settings that a config holds.

    Reads the files with integration schemas.

    Args:
        config: As it was given.
        schema: From `config_schema`; a host may have added settings of its own.

    Raises:
        ConfigError: Its `faults` name the setting each, and say what is allowed.
    """
    config = plain_config(config, schema)
    faults = [*_schema_faults(config, schema), *_number_faults(config)]
    if faults:
        raise ConfigError(*dict.fromkeys(faults))
    return Settings.from_config(config)


def _schema_faults(
    config: Mapping[str, Any], schema: Mapping[str, Any]
) -> Iterator[str]:
    required = [
        name
        for name in schema["required"]
        if name not in CREDENTIALS or _needs_credentials(config)
    ]
    validator = Draft202012Validator({**schema, "required": required})
    return (describe_fault(error) for error in validator.iter_errors(config))


def _needs_credentials(config: Mapping[str, Any]) -> bool:
    """Return whether `client_id` and `client_secret` have to be there.

    Where `credentials` is set, its reader looks whether it covers all projects; half
    of the two is a mistake all the same.
    """
    if config["dry_run"] is True:
        return False
    return "credentials" not in config or any(name in config for name in CREDENTIALS)


def _number_faults(config: Mapping[str, Any]) -> Iterator[str]:
    """Find the numbers that Python reads in JSON although JSON has no such ones."""
    for name, value in config.items():
        if isinstance(value, float) and not math.isfinite(value):
            yield f"{name}: must be a finite number"
