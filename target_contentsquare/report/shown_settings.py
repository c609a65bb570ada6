"""The settings of a run as a report shows them: without secrets."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

# Their values may be credentials or a seed for hashes, so only their names are shown.
_NAMES_ONLY = frozenset({"params", "stream_map_config"})
_URL = re.compile(r"[a-z][a-z0-9+.-]*://\S+", re.IGNORECASE | re.ASCII)


def shown_settings(
    config: Mapping[str, Any], schema: Mapping[str, Any]
) -> dict[str, Any]:
    """Return every setting, with the default of those that are not set; no secret.

    What the settings say of each stream is in the mapping.

    Args:
        config: As it is in use.
        schema: Its JSON schema, with the settings of the SDK.
    """
    return {
        name: _shown(name, config.get(name, declared.get("default")))
        for name, declared in schema["properties"].items()
        if not declared.get("secret") and name != "streams"
    }


def _shown(name: str, value: Any) -> Any:
    if isinstance(value, dict):
        if name in _NAMES_ONLY:
            return sorted(value)
        return {key: _shown(key, item) for key, item in value.items()}
    if isinstance(value, str) and _URL.fullmatch(value):
        return _without_credentials(value)
    return value


def _without_credentials(url: str) -> str:
    """Return a URL without user, password, query and fragment."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}"
