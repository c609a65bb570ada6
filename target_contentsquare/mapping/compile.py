"""A stream's mapping: compiled once per SCHEMA, then turns rows into enrichments."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from target_contentsquare.errors import ConfigError
from target_contentsquare.mapping.field_choice import (
    choose_fields,
    listed,
    require_property,
)
from target_contentsquare.mapping.fields import Converter, FieldType, to_natural
from target_contentsquare.mapping.identity import (
    EXACT_SESSION_NUMBER,
    EXACT_USER_ID,
    split_session_key,
    to_enrichment_number,
    to_project_id,
    to_session_number,
    to_user_id,
)
from target_contentsquare.mapping.row_function import (
    Cell,
    FieldCell,
    RowFunction,
    RowPlan,
    write_row_function,
)
from target_contentsquare.mapping.session_age import latest_start
from target_contentsquare.singer.json_schema import promises

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from target_contentsquare.mapping.stream_mapping import MappedField, StreamMapping


@dataclass(frozen=True, slots=True)
class RowMapper:
    """Turns a stream's rows into enrichments; made by `compile_mapping`.

    Attributes:
        properties: The properties that `enrich` wants the values of, in order: those
            that are mapped, then the rest of the stream's keys.
        types: What their values are decoded to, in the same order.
        required: Properties that a row has to have for that: the stream's keys, and the
            session's, if their types are exact, which have no null.
        enrich: Takes a row's values of `properties`, None where it has none, and when
            the oldest sessions that are sent may have started. Gives the enrichment
            and its key, or why the row is dropped; raises `UnfitValueError` if it
            can't be delivered.
        fields: The enrichment fields, in the order they are sent.
        warnings: What the user should know of this mapping, once per SCHEMA.
    """

    properties: tuple[str, ...]
    types: tuple[Any, ...]
    required: frozenset[str]
    enrich: RowFunction
    fields: tuple[MappedField, ...]
    warnings: tuple[str, ...]


def _make_mapper(
    mapping: StreamMapping,
    fields: Sequence[MappedField],
    exact: Mapping[str, Any],
    keys: Sequence[str],
    warnings: Sequence[str],
) -> RowMapper:
    columns: list[str] = []
    session = _session_cells(mapping, columns, exact)
    number = _constant_or_cell(mapping.enrichment_number, columns, to_enrichment_number)
    project = _constant_or_cell(mapping.project_id, columns, to_project_id)
    start, started_at = None, mapping.session_started_at
    if started_at is not None:
        read_start = None if started_at in exact else latest_start
        start = Cell(_index(columns, started_at), read_start)
    cells = tuple(_field_cell(one, mapping, columns, exact) for one in fields)
    only_keys = [name for name in keys if name not in columns]
    plan = RowPlan(
        width=len(columns) + len(only_keys),
        session=session,
        started_at=start,
        number=number,
        project=project,
        fields=cells,
    )
    return RowMapper(
        properties=(*columns, *only_keys),
        types=(
            *(exact.get(name, Any) for name in columns),
            # A key that is not mapped only has to be there.
            *(msgspec.Raw for _ in only_keys),
        ),
        required=frozenset(
            [*keys, *(columns[one.index] for one in session if one.convert is None)]
        ),
        enrich=write_row_function(plan),
        fields=tuple(fields),
        warnings=tuple(warnings),
    )


def _index(columns: list[str], name: str) -> int:
    """Where a property's value is; each is read once, however often it is used."""
    if name not in columns:
        columns.append(name)
    return columns.index(name)


def _constant_or_cell(
    setting: Any, columns: list[str], convert: Callable[[Any], int]
) -> Any:
    if isinstance(setting, str):
        return Cell(_index(columns, setting), convert)
    return setting


def _session_cells(
    mapping: StreamMapping, columns: list[str], exact: Mapping[str, Any]
) -> tuple[Cell, ...]:
    if mapping.session_key is not None:
        return (Cell(_index(columns, mapping.session_key), split_session_key),)
    user, session = mapping.user_id, mapping.session_number
    return (
        Cell(_index(columns, user), None if user in exact else to_user_id),
        Cell(_index(columns, session), None if session in exact else to_session_number),
    )


def _field_cell(
    one: MappedField,
    mapping: StreamMapping,
    columns: list[str],
    exact: Mapping[str, Any],
) -> FieldCell:
    index = _index(columns, one.property)
    truncate = mapping.truncate_strings
    convert: Converter | None
    if one.type is None:
        convert = partial(to_natural, truncate_strings=truncate)
    elif one.property in exact:
        convert = one.type.exact_converter(truncate_strings=truncate)
    else:
        convert = one.type.converter(truncate_strings=truncate)
    return FieldCell(one.name, index, convert, one.optional)


def compile_mapping(
    stream: str,
    schema: Mapping[str, Any],
    mapping: StreamMapping,
    *,
    key_properties: Sequence[str] = (),
    exact: bool = False,
) -> RowMapper:
    """Fit a mapping to the stream's schema.

    Args:
        schema: The JSON schema of the stream, after stream maps.
        exact: True for rows that are decoded to `RowMapper.types`, False for rows of
            any values. What can be delivered becomes the same either way.

    Raises:
        ConfigError: The mapping names what is not there, or leaves out what has to be;
            the message lists what there is.
    """
    properties: Mapping[str, Any] = schema.get("properties") or {}
    if mapping.session_started_at is None and "session_started_at" in properties:
        mapping = replace(mapping, session_started_at="session_started_at")
    used = _identity_properties(mapping)
    for key, name in used.items():
        require_property(name, f"{mapping.setting}.{key}", stream, properties)
    warnings: list[str] = []
    fields = choose_fields(stream, properties, mapping, set(used.values()), warnings)
    if not fields:
        msg = (
            f"{mapping.setting}: stream '{stream}' has no property to send as an "
            f"enrichment field; it has: {listed(properties)}"
        )
        raise ConfigError(msg)
    types = _promised_types(used, fields, properties) if exact else {}
    return _make_mapper(mapping, fields, types, key_properties, warnings)


def _promised_types(
    used: Mapping[str, str],
    fields: Sequence[MappedField],
    properties: Mapping[str, Any],
) -> dict[str, Any]:
    """The properties whose values a decoder can check, as the schema promises them."""
    uses = Counter([*used.values(), *(one.property for one in fields)])
    types = {
        one.property: one.type.exact | None
        for one in fields
        if one.is_promised and one.type is not None
    }
    for key, (kind, exact) in _EXACT_IDENTITY.items():
        if key in used and promises(properties[used[key]], kind):
            types[used[key]] = exact
    return {name: exact for name, exact in types.items() if uses[name] == 1}


_EXACT_IDENTITY: Mapping[str, tuple[FieldType, Any]] = {
    "user_id": (FieldType.STRING, EXACT_USER_ID),
    "session_number": (FieldType.INT, EXACT_SESSION_NUMBER),
    "session_started_at": (FieldType.DATETIME, FieldType.DATETIME.exact | None),
}


def _identity_properties(mapping: StreamMapping) -> dict[str, str]:
    """The properties that say which enrichment a row is, by mapping key."""
    if mapping.session_key is not None:
        used: dict[str, Any] = {"session_key": mapping.session_key}
    else:
        used = {
            "user_id": mapping.user_id,
            "session_number": mapping.session_number,
        }
    used["session_started_at"] = mapping.session_started_at
    used["enrichment_number"] = mapping.enrichment_number
    used["project_id"] = mapping.project_id
    return {key: name for key, name in used.items() if isinstance(name, str)}
