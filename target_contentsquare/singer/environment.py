"""Settings from environment variables."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from dotenv import dotenv_values, find_dotenv

from target_contentsquare.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping


_BOOLEANS = {
    **dict.fromkeys(("true", "1", "yes", "on"), True),
    **dict.fromkeys(("false", "0", "no", "off"), False),
}


def read_environment(schema: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """Read settings from environment variables, and what they lack from `.env`.

    The file is looked for in the working directory and above it.

    Returns:
        The settings, with those that the schema does not know as text.

    Raises:
        ConfigError: Names the variable and says what is allowed.
    """
    variables = {**dotenv_values(find_dotenv(usecwd=True)), **os.environ}
    config: dict[str, Any] = {}
    for variable, text in variables.items():
        name = variable.removeprefix(prefix).lower()
        if text is None or not _names_a_setting(variable, prefix):
            continue
        setting = schema["properties"].get(name)
        config[name] = (
            _read_variable(variable, text, setting["type"]) if setting else text
        )
    return config


def _names_a_setting(variable: str, prefix: str) -> bool:
    name = variable.removeprefix(prefix)
    # Meltano's own begin with one underscore more; the SDK reads the log level.
    return name not in {variable, "LOGLEVEL"} and name.isupper() and name[0] != "_"


def _read_variable(variable: str, text: str, types: str | list[str]) -> Any:
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
