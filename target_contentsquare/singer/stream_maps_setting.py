"""Checking the setting `stream_maps`: the SDK says no more than "not valid"."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_NULL = "__NULL__"
_TEXTS = ("__alias__", "__filter__", "__source__")


def stream_maps_faults(maps: Any) -> Iterator[str]:
    """Find what is wrong with the stream maps; each fault names the setting.

    Args:
        maps: The setting. One that is no object is left to the JSON schema.
    """
    for stream, stream_map in maps.items() if isinstance(maps, dict) else ():
        setting = f"stream_maps.{stream}"
        if stream_map is None or stream_map == _NULL:
            continue
        if not isinstance(stream_map, dict):
            yield f"{setting}: must be an object, or null to leave it out"
            continue
        for name, value in stream_map.items():
            if (allowed := _allowed(name, value)) is not None:
                yield f"{setting}.{name}: must be {allowed}"


def _allowed(name: str, value: Any) -> str | None:
    """Return what an entry of a stream's map must be; None if it is that."""
    if name == "__else__":
        return None if value is None or value == _NULL else "null"
    if name == "__key_properties__":
        is_fine = isinstance(value, (list, type(None)))
        return None if is_fine else "a list of properties, or null"
    if name in _TEXTS:
        return None if isinstance(value, str) else "a text"
    is_fine = isinstance(value, (str, type(None)))
    return None if is_fine else "an expression in a text, or null"
