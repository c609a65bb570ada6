"""Settings from texts, such as those of environment variables."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from target_contentsquare.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_BOOLEANS = {
    **dict.fromkeys(("true", "1", "yes", "on"), True),
    **dict.fromkeys(("false", "0", "no", "off"), False),
}
#: As JSON writes an integer: `007` may be a name.
_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,18}")


def config_from_text(
    texts: Mapping[str, str],
    schema: Mapping[str, Any],
    source: Callable[[str], str],
) -> dict[str, Any]:
    """Return a config from texts, each read as the type that its setting has.

    What may be an object or text stays text: a path is told from JSON where the
    settings are read. So does a setting that the schema does not know.

    Args:
        texts: Setting -> text.
        schema: The JSON schema of the config.
        source: Gives, for a setting's name, what held its text, for the error.

    Raises:
        ConfigError: Names what held each text that can't be read.
    """
    config: dict[str, Any] = {}
    faults = []
    for name, text in texts.items():
        types = schema["properties"].get(name, {}).get("type", "string")
        try:
            config[name] = _read(text, types)
        except (ValueError, KeyError, RecursionError):
            faults.append(f"{source(name)}: must be {_allowed(types)}")
    if faults:
        raise ConfigError(*faults)
    return config


def _read(text: str, types: str | list[str]) -> Any:
    if "integer" in types and "string" in types:
        return int(text) if _INTEGER.fullmatch(text) else text
    if "integer" in types:
        return int(text)
    if "number" in types:
        return float(text)
    if "boolean" in types:
        return _BOOLEANS[text.strip().lower()]
    if "object" in types and "string" not in types:
        return json.loads(text)
    return text


def _allowed(types: str | list[str]) -> str:
    names = [types] if isinstance(types, str) else types
    return " or ".join(name for name in names if name != "null")
