"""Settings from environment variables."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from dotenv import find_dotenv
from singer_sdk.configuration._dict_config import parse_environment_config

from target_contentsquare.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping


_BOOLEANS = {
    **dict.fromkeys(("true", "1", "yes", "on"), True),
    **dict.fromkeys(("false", "0", "no", "off"), False),
}


def read_environment(schema: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """Read settings from environment variables, and from a `.env` file.

    The file is looked for in the working directory and above it.

    Raises:
        ConfigError: Names the variable and says what is allowed.
    """
    # Lets the SDK load the file; it has no settings to look for yet.
    dotenv_path = find_dotenv(usecwd=True)
    parse_environment_config({"properties": {}}, prefix, dotenv_path or os.devnull)
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
            return _BOOLEANS[text.strip().lower()]
        if "object" in types and "string" not in types:
            return json.loads(text)
    except (ValueError, KeyError):
        listed = [types] if isinstance(types, str) else types
        allowed = " or ".join(one for one in listed if one != "null")
        msg = f"environment variable {variable}: must be {allowed}"
        raise ConfigError(msg) from None
    return text
