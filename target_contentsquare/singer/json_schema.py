"""From a property's JSON schema to the field type that it is sent as."""

from __future__ import annotations

from typing import Any

from target_contentsquare.mapping.fields import FieldType


def type_of(schema: Any) -> FieldType | None:
    """The field type for a scalar property, from its JSON schema.

    Several scalar types are STRING; None means that the schema does not say.
    """
    types = _types_in(schema)
    if len(types) > 1:
        return FieldType.STRING
    if "string" in types and _formats_in(schema) & {"date-time", "date"}:
        return FieldType.DATETIME
    return next((_FIELD_TYPES[one] for one in types), None)


def promises(schema: Any, kind: FieldType) -> bool:
    """Say whether a property's JSON schema promises values of exactly this type.

    A promise is only used to read such values quickly: it may be broken.
    """
    types, formats = _types_in(schema), _formats_in(schema)
    if kind is FieldType.DATETIME:
        return "date-time" in formats
    return types == {_JSON_TYPES[kind]} and not formats & {"date-time", "date"}


_FIELD_TYPES = {
    "integer": FieldType.INT,
    "number": FieldType.FLOAT,
    "boolean": FieldType.BOOL,
    "string": FieldType.STRING,
}


_JSON_TYPES = {kind: name for name, kind in _FIELD_TYPES.items()}


def may_be_nested(schema: Any) -> bool:
    """Say whether a property's JSON schema allows arrays or objects."""
    return any(
        kind in {"array", "object"}
        for part in _alternatives(schema)
        for kind in _type_list(part)
    )


def _types_in(schema: Any) -> set[str]:
    return {
        kind
        for part in _alternatives(schema)
        for kind in _type_list(part)
        if kind in _FIELD_TYPES
    }


def _formats_in(schema: Any) -> set[Any]:
    formats = (part.get("format") for part in _alternatives(schema))
    return {one for one in formats if isinstance(one, str)}


def _type_list(schema: dict[str, Any]) -> list[Any]:
    kind = schema.get("type")
    kinds = kind if isinstance(kind, list) else [kind]
    return [one for one in kinds if isinstance(one, str)]


def _alternatives(schema: Any) -> list[dict[str, Any]]:
    """The schema and, at any depth, what its anyOf, oneOf and allOf hold."""
    if not isinstance(schema, dict):
        return []
    parts = [schema]
    for key in ("anyOf", "oneOf", "allOf"):
        among = schema.get(key)
        for part in among if isinstance(among, list) else ():
            parts.extend(_alternatives(part))
    return parts
