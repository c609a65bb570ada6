"""What stream maps and flattening make of a row, and which row they fail on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from singer_sdk.exceptions import MapExpressionError, SingerSDKError
from singer_sdk.mapper import CustomStreamMap

from target_contentsquare.errors import ConfigError, InputError
from target_contentsquare.singer.streams.flattening import Flattening, flatten_schema

if TYPE_CHECKING:
    from collections.abc import Mapping

    from singer_sdk.mapper import PluginMapper, StreamMap

    from target_contentsquare.delivery.origin import Source
    from target_contentsquare.singer.input.tap_stream import TapStream
    from target_contentsquare.singer.streams.stream_aliases import MapPlan


@dataclass(frozen=True, slots=True)
class RowMap:
    """What becomes of a stream's rows on their way to one alias.

    Attributes:
        alias: The name of the stream that comes out.
        schema: The JSON schema of the rows that come out.
        expressions: Applied first; None: there are none.
        flattening: Applied after that; None: it is off.
    """

    alias: str
    schema: Mapping[str, Any]
    expressions: StreamMap | None = None
    flattening: Flattening | None = None

    @property
    def leaves_rows_alone(self) -> bool:
        """Whether rows come out as they went in."""
        return self.expressions is None and self.flattening is None

    def transform(
        self, record: Mapping[str, Any], source: Source
    ) -> Mapping[str, Any] | None:
        """Return what becomes of the source's current row; None if it is filtered out.

        Raises:
            ConfigError: An expression fails; the error names the row, but no values.
        """
        row: Mapping[str, Any] | None = record
        if self.expressions is not None:
            row = _evaluate(self.expressions, record, source)
        if row is None or self.flattening is None:
            return row
        return self.flattening.flatten(row)


def compile_map(plan: MapPlan, source: TapStream, mapper: PluginMapper) -> RowMap:
    """Fit a planned map to the schema of a stream.

    Args:
        mapper: The SDK's, for the settings that it holds.

    Raises:
        ConfigError: Flattening does not fit the schema. For `stream_maps` it is a
            `SingerSDKError`.
        InputError: The schema is too odd for stream maps or flattening.
    """
    try:
        return _compile(plan, source, mapper)
    except SingerSDKError:
        raise
    except (TypeError, ValueError, KeyError, AttributeError, RecursionError) as error:
        raise InputError(
            f"the SCHEMA of stream '{source.name}' is not one that stream_maps and "
            f"flattening can work with ({type(error).__name__}): correct the tap"
        ) from None


def _compile(plan: MapPlan, source: TapStream, mapper: PluginMapper) -> RowMap:
    schema, expressions = source.schema["schema"], None
    if plan.definition:
        expressions = _expressions(plan, source, mapper)
        schema = expressions.transformed_schema
    options = mapper.flattening_options
    if not options.enabled or options.max_level <= 0:
        return RowMap(plan.alias, schema, expressions)
    flattening = flatten_schema(schema, options, plan.alias)
    return RowMap(plan.alias, flattening.schema, expressions, flattening)


def _expressions(plan: MapPlan, source: TapStream, mapper: PluginMapper) -> StreamMap:
    """Return the SDK's map. It does not flatten: the SDK's way loses columns."""
    return CustomStreamMap(
        stream_alias=plan.alias,
        map_config=mapper.map_config,
        faker_config={},
        raw_schema=source.schema["schema"],
        key_properties=source.keys,
        map_transform=dict(plan.definition or {}),
        flattening_options=None,
        stream_name=source.name,
    )


def _evaluate(
    expressions: StreamMap, record: Mapping[str, Any], source: Source
) -> dict[str, Any] | None:
    try:
        # A copy, since another map may get the same row.
        return expressions.transform(dict(record))
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
