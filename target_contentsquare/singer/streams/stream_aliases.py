"""Which streams come out of `stream_maps`, told from the settings alone.

The SDK tells it only after it has worked through a stream's schema. Streams without a
mapping must not be looked into, so the same rules stand here.
"""

from __future__ import annotations

import fnmatch
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from singer_sdk.exceptions import MapExpressionError
from singer_sdk.mapper import PluginMapper, RemoveRecordTransform

from target_contentsquare.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class MapPlan:
    """What the settings want to become of a stream's rows.

    Attributes:
        alias: The name of the stream that comes out.
        definition: The entries of `stream_maps` that change rows; empty: rows stay as
            they are; None: rows are removed.
    """

    alias: str
    definition: Mapping[str, Any] | None


def plan_maps(stream: str, mapper: PluginMapper) -> list[MapPlan]:
    """Return what becomes of a stream's rows: first under its own entry, then copies.

    Args:
        mapper: The SDK's, for the settings that it holds.

    Raises:
        ConfigError: An expression for an alias fails.
    """
    removes = mapper.default_mapper_type is RemoveRecordTransform
    plans = [MapPlan(stream, None if removes else {})]
    for key, entry in mapper.stream_maps_dict.items():
        definition = dict(entry) if isinstance(entry, dict) else None
        source = (definition or {}).get("__source__")
        if not fnmatch.fnmatch(stream, key if source is None else source):
            continue
        if definition is None:
            plans[0] = MapPlan(stream, None)
        elif source is not None:
            del definition["__source__"]
            plans.append(MapPlan(stream if key == source else key, definition))
        else:
            plans[0] = MapPlan(_alias_in(key, definition, stream), definition)
    return plans


def sources_named(mapper: PluginMapper) -> dict[str, str]:
    """Return the name or pattern of the streams that each entry is for."""
    return {
        key: entry.get("__source__", key) if isinstance(entry, dict) else key
        for key, entry in mapper.stream_maps_dict.items()
    }


def _alias_in(key: str, definition: dict[str, Any], stream: str) -> str:
    """Take the alias out of an entry, and return what it makes of a stream's name."""
    expression = definition.pop("__alias__", None)
    if expression is None:
        return stream
    try:
        alias: Any = PluginMapper._eval_stream(expression, stream)  # noqa: SLF001 - the SDK has no other way to read an alias
    except MapExpressionError:
        reason = "it is neither a name nor an expression"
    except Exception as error:  # noqa: BLE001 - an expression may raise anything
        reason = f"{type(error).__name__} for stream '{stream}'"
    else:
        # Names such as 2024 or `int` are expressions too, but not for a text.
        return alias if isinstance(alias, str) and alias else expression
    raise ConfigError(f"stream_maps.{key}.__alias__: {reason}: correct it")
