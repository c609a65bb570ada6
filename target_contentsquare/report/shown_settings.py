"""The settings of a run as a report shows them: without secrets."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from target_contentsquare.settings.declared import SETTINGS
from target_contentsquare.settings.max_rejected import MaxRejected

if TYPE_CHECKING:
    from target_contentsquare.settings.settings import Settings


def shown_settings(settings: Settings) -> dict[str, Any]:
    """Return the settings that are the same for all streams; none is a secret.

    What the settings say of each stream is in the mapping.
    """
    return {
        setting.name: _shown(getattr(settings, setting.name))
        for setting in SETTINGS
        if not setting.is_secret
        and setting.name != "streams"
        and hasattr(settings, setting.name)
    }


def _shown(value: Any) -> Any:
    if isinstance(value, Path | MaxRejected):
        return str(value)
    if isinstance(value, str) and "://" in value:
        return _without_credentials(value)
    return value


def _without_credentials(url: str) -> str:
    """Return a URL without user, password, query and fragment."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}"
