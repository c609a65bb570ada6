"""Which enrichment fields a stream fills, and from which of its properties."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from target_contentsquare.errors import ConfigError
from target_contentsquare.mapping.integration_schema import (
    IntegrationSchema,
    check_name,
    most_of_a_type,
)
from target_contentsquare.mapping.stream_mapping import MappedField, StreamMapping
from target_contentsquare.singer.json_schema import may_be_nested, promises, type_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


def choose_fields(
    stream: str,
    properties: Mapping[str, Any],
    mapping: StreamMapping,
    used: set[str],
    warnings: list[str],
) -> list[MappedField]:
    """Choose the fields that a stream's rows are sent with.

    Args:
        used: Properties that say which enrichment a row is; not sent by default.
        warnings: Gets what the user should know.

    Raises:
        ConfigError: The mapping and the schemas don't fit; lists what there is.
    """
    if mapping.fields is not None:
        fields = _asked_for(stream, properties, mapping, mapping.fields)
    elif mapping.integration_schema is not None:
        named = {n: n for n in mapping.integration_schema.fields if n in properties}
        fields = _sendable(stream, properties, mapping, named, warnings)
    else:
        rest = {name: name for name in properties if name not in used}
        fields = _sendable(stream, properties, mapping, rest, warnings)
    if mapping.integration_schema is not None:
        _check_required(fields, mapping.integration_schema, mapping.setting, properties)
    elif too_many := most_of_a_type(one.type for one in fields if one.type):
        raise ConfigError(f"{mapping.setting}.fields: {too_many}: name those to send")
    return fields


def _asked_for(
    stream: str,
    properties: Mapping[str, Any],
    mapping: StreamMapping,
    wanted: Mapping[str, str],
) -> list[MappedField]:
    """The fields that the setting names: what is wrong with one is an error."""
    fields = []
    for name, source in wanted.items():
        setting = f"{mapping.setting}.fields.{name}"
        require_property(source, setting, stream, properties)
        if (problem := check_name(name)) is not None:
            msg = f"{setting}: {problem}"
            raise ConfigError(msg)
        if may_be_nested(properties[source]):
            msg = (
                f"{setting}: property '{source}' of stream '{stream}' may be an array "
                "or object, which can't be sent: use flattening_enabled or stream_maps "
                "to make it a scalar"
            )
            raise ConfigError(msg)
        fields.append(_field(name, source, properties, mapping))
    return fields


def _sendable(
    stream: str,
    properties: Mapping[str, Any],
    mapping: StreamMapping,
    offered: Mapping[str, str],
    warnings: list[str],
) -> list[MappedField]:
    """The fields that nobody asked for by name: what can't be sent is left out."""
    left_out = [
        name
        for name in offered
        if may_be_nested(properties[name]) or check_name(name) is not None
    ]
    if left_out:
        warnings.append(
            f"stream '{stream}': left out {listed(left_out)}: only scalar properties "
            "with a name of 1 to 50 bytes can be sent"
        )
    return [
        _field(name, source, properties, mapping)
        for name, source in offered.items()
        if name not in left_out
    ]


def _field(
    name: str, source: str, properties: Mapping[str, Any], mapping: StreamMapping
) -> MappedField:
    schema = mapping.integration_schema
    if schema is None:
        kind = type_of(properties[source])
        is_promised = kind is not None and promises(properties[source], kind)
        return MappedField(name, source, kind, is_promised=is_promised)
    if name not in schema.fields:
        msg = (
            f"{mapping.setting}.fields.{name}: the integration schema has no field "
            f"'{name}'; it has: {listed(schema.fields)}"
        )
        raise ConfigError(msg)
    known = schema.fields[name]
    is_promised = promises(properties[source], known.type)
    return MappedField(name, source, known.type, known.optional, is_promised)


def _check_required(
    fields: Sequence[MappedField],
    schema: IntegrationSchema,
    setting: str,
    properties: Mapping[str, Any],
) -> None:
    mapped = {one.name for one in fields}
    missing = [
        name
        for name, known in schema.fields.items()
        if not known.optional and name not in mapped
    ]
    if missing:
        msg = (
            f"{setting}.fields: the integration schema says that {listed(missing)} "
            "is not optional, but no property is mapped to it; the stream has: "
            f"{listed(properties)}"
        )
        raise ConfigError(msg)


def require_property(
    name: str, setting: str, stream: str, properties: Mapping[str, Any]
) -> None:
    """Check that a stream has the property that a setting names.

    Raises:
        ConfigError: It has not; lists the properties that it has.
    """
    if name not in properties:
        msg = (
            f"{setting}: stream '{stream}' has no property '{name}'; it has: "
            f"{listed(properties)}"
        )
        raise ConfigError(msg)


def listed(names: Iterable[str]) -> str:
    """Names in quotes, for a message."""
    return ", ".join(f"'{name}'" for name in names) or "none"
