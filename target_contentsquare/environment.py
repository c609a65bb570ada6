"""Settings from environment variables."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from singer_sdk.configuration._dict_config import parse_environment_config

from target_contentsquare.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping


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
