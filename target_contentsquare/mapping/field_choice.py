"""Which enrichment fields a stream fills, and from which of its columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from target_contentsquare.errors import ConfigError
from target_contentsquare.mapping.integration_schema import (
    IntegrationSchema,
    too_many_of_a_type,
    what_is_wrong_with_name,
)
from target_contentsquare.mapping.stream_mapping import MappedField, StreamMapping
from target_contentsquare.mapping.wording import quoted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from target_contentsquare.mapping.columns import Column

# Columns that taps and loaders add to rows for their own use, as Singer's SDK names
# them: sent where the mapping names them, and never by default.
_METADATA_PREFIX = "_sdc_"


def choose_fields(
    stream: str,
    columns: Mapping[str, Column],
    mapping: StreamMapping,
    identity: AbstractSet[str],
) -> list[MappedField]:
    """Choose the fields that a stream's rows are sent with.

    Args:
        columns: The stream's, by name.
        identity: Columns that say which enrichment a row is: not sent by default.

    Raises:
        ConfigError: The mapping does not fit the stream or the integration schema; the
            message lists what there is.
    """
    schema = mapping.integration_schema
    if mapping.fields is not None:
        fields = _fields_asked_for(stream, columns, mapping, mapping.fields)
    else:
        fields = [
            _field(name, columns[name], mapping)
            for name in _offered(columns, schema, identity)
            if what_is_wrong_with(columns[name]) is None
        ]
    if schema is not None:
        _check_required(fields, schema, mapping.setting, columns)
    if not fields:
        left_out = warn_of_columns_left_out(stream, columns, mapping, identity)
        raise ConfigError(
            f"{mapping.setting}: stream '{stream}' has no property to send as an "
            f"enrichment field; it has: {quoted(columns)}"
            + "".join(f"; {reason}" for reason in left_out)
        )
    return fields


def check_number_of_fields(fields: Sequence[MappedField], setting: str) -> None:
    """Raise an error if a schema has no room for so many fields of a type.

    Raises:
        ConfigError: There are more than 10.
    """
    if problem := too_many_of_a_type(field.type for field in fields if field.type):
        raise ConfigError(f"{setting}.fields: {problem}: name those to send")


def warn_of_columns_left_out(
    stream: str,
    columns: Mapping[str, Column],
    mapping: StreamMapping,
    identity: AbstractSet[str],
) -> list[str]:
    """Return a warning for each reason why columns are not sent by default."""
    if mapping.fields is not None:
        return []
    left_out: dict[str, list[str]] = {}
    for name in _offered(columns, mapping.integration_schema, identity):
        problem = what_is_wrong_with(columns[name])
        if problem is not None:
            left_out.setdefault(problem, []).append(name)
    return [
        f"stream '{stream}': left out {quoted(names)}: {problem}"
        for problem, names in left_out.items()
    ]


def what_is_wrong_with(column: Column) -> str | None:
    """Return why a column can't be sent as a field of its name, or None if it can."""
    if column.nested:
        return (
            "only scalar values can be sent, and these may be arrays or objects: use "
            "flattening_enabled or stream_maps to make them scalar"
        )
    problem = what_is_wrong_with_name(column.name)
    return problem and f"{problem}: give them other names with 'fields'"


def _offered(
    columns: Mapping[str, Column],
    schema: IntegrationSchema | None,
    identity: AbstractSet[str],
) -> list[str]:
    """Return the columns that are sent by default, if they can be."""
    if schema is not None:
        return [name for name in schema.fields if name in columns]
    return [
        name
        for name in columns
        if name not in identity and not name.startswith(_METADATA_PREFIX)
    ]


def _fields_asked_for(
    stream: str,
    columns: Mapping[str, Column],
    mapping: StreamMapping,
    wanted: Mapping[str, str],
) -> list[MappedField]:
    """Return the fields that the setting names; raise what is wrong with the first."""
    fields = []
    for name, column in wanted.items():
        setting = f"{mapping.setting}.fields.{name}"
        require_column(column, setting, stream, columns)
        if (problem := what_is_wrong_with_name(name)) is not None:
            raise ConfigError(f"{setting}: {problem}")
        if columns[column].nested:
            raise ConfigError(
                f"{setting}: property '{column}' of stream '{stream}' may be an array "
                "or object, which can't be sent: use flattening_enabled or stream_maps "
                "to make it a scalar"
            )
        fields.append(_field(name, columns[column], mapping))
    return fields


def _field(name: str, column: Column, mapping: StreamMapping) -> MappedField:
    schema = mapping.integration_schema
    if schema is None:
        return MappedField(name, column.name, column.type, typed=column.typed)
    if name not in schema.fields:
        raise ConfigError(
            f"{mapping.setting}.fields.{name}: the integration schema has no field "
            f"'{name}'; it has: {quoted(schema.fields)}"
        )
    registered = schema.fields[name]
    typed = column.typed and column.type is registered.type
    return MappedField(
        name, column.name, registered.type, registered.optional, typed=typed
    )


def _check_required(
    fields: Sequence[MappedField],
    schema: IntegrationSchema,
    setting: str,
    columns: Mapping[str, Column],
) -> None:
    mapped = {field.name for field in fields}
    missing = [
        name
        for name, registered in schema.fields.items()
        if not registered.optional and name not in mapped
    ]
    if missing:
        raise ConfigError(
            f"{setting}.fields: the integration schema says that {quoted(missing)} "
            "is not optional, but no property is mapped to it; the stream has: "
            f"{quoted(columns)}"
        )


def require_column(
    name: str, setting: str, stream: str, columns: Mapping[str, Column]
) -> None:
    """Raise an error if a stream does not have the column that a setting names.

    Raises:
        ConfigError: The message lists the columns that the stream has.
    """
    if name not in columns:
        raise ConfigError(
            f"{setting}: stream '{stream}' has no property '{name}'; it has: "
            f"{quoted(columns)}"
        )
