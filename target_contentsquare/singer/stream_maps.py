"""The SDK's stream maps: what they make of a row, and which row they fail on."""

from __future__ import annotations

import copy
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from singer_sdk.exceptions import MapExpressionError
from singer_sdk.mapper import RemoveRecordTransform, SameRecordTransform

from target_contentsquare.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from singer_sdk.mapper import StreamMap

    from target_contentsquare.delivery.origin import Source


def removes_rows(stream_map: StreamMap) -> bool:
    """Return whether the map leaves nothing of its stream."""
    return isinstance(stream_map, RemoveRecordTransform)


def leaves_rows_alone(stream_map: StreamMap) -> bool:
    """Return whether rows come out of the map as they went in."""
    return type(stream_map) is SameRecordTransform and not stream_map.flattening_enabled


def transform(
    stream_map: StreamMap, record: Mapping[str, Any], source: Source
) -> dict[str, Any] | None:
    """Return what a map makes of the source's current row; None if it filters it out.

    Raises:
        ConfigError: An expression fails; the error names the row, but no values.
    """
    try:
        # A copy, since another map may get the same row.
        return stream_map.transform(copy.copy(dict(record)))
    except Exception as error:  # noqa: BLE001 - an expression may raise anything
        # The SDK's own error repeats the expression, which comes from the config.
        known = isinstance(error, MapExpressionError)
        what = " ".join(str(error).split()) if known else type(error).__name__
        msg = (
            f"{source.where(source.rows)}: an expression in stream_maps fails on this "
            f"row ({what}): make it fit all rows"
        )
        raise ConfigError(msg) from None


def to_json_value(value: Any) -> Any:
    """Return what stream maps made of a value, as JSON would hold it."""
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value) if value.as_tuple().exponent else int(value)
    return value
