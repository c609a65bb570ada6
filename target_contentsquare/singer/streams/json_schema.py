"""The columns of a stream, from its JSON schema."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from target_contentsquare.mapping.columns import Column
from target_contentsquare.mapping.fields import FieldType

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_FIELD_TYPES = {
    "integer": FieldType.INT,
    "number": FieldType.FLOAT,
    "boolean": FieldType.BOOL,
    "string": FieldType.STRING,
}
_NESTED_TYPES = {"array", "object"}
# Keywords that only say something about arrays and objects.
_NESTED_KEYWORDS = ("properties", "items", "patternProperties", "prefixItems")
# Of values in a schema; floats come as floats or, through the SDK, as Decimals.
_JSON_TYPES: Mapping[type, str] = {
    str: "string",
    int: "integer",
    bool: "boolean",
    type(None): "null",
    list: "array",
    dict: "object",
}
_TIME_FORMATS = {"date-time", "date"}


def columns_of(schema: Mapping[str, Any]) -> tuple[Column, ...]:
    """Convert a stream's JSON schema to columns, in the schema's order.

    What a property may be is read from its `type`, `format`, `enum` and `const`, also
    inside `anyOf`, `oneOf` and `allOf` at any depth, and behind a `$ref` that leads to
    a place in the same schema. Every other keyword is ignored, and so is what is not
    valid JSON Schema: a property that nothing is known of is a column without a type.
    """
    properties = schema.get("properties")
    required = set(_texts_in(schema.get("required")))
    if not isinstance(properties, dict):
        return ()
    return tuple(
        _column(name, described, schema, is_required=name in required)
        for name, described in properties.items()
    )


def _column(
    name: str, described: Any, root: Mapping[str, Any], *, is_required: bool
) -> Column:
    parts = list(alternatives(described, root))
    json_types = {t for part in parts for t in types_in(part)}
    formats = {f for part in parts if isinstance(f := part.get("format"), str)}
    scalars = json_types & _FIELD_TYPES.keys()
    field_type = _field_type(scalars, formats)
    described = described if isinstance(described, dict) else {}
    return Column(
        name,
        field_type,
        typed=_is_typed(field_type, scalars, formats),
        nested=bool(json_types & _NESTED_TYPES),
        nullable=(not is_required or not described.get("type") or "null" in json_types),
        title=_text(described.get("title")),
        description=_text(described.get("description")),
    )


def _field_type(scalars: set[str], formats: set[str]) -> FieldType | None:
    if len(scalars) > 1:
        return FieldType.STRING
    if "string" in scalars and formats & _TIME_FORMATS:
        return FieldType.DATETIME
    return next((_FIELD_TYPES[scalar] for scalar in scalars), None)


def _is_typed(
    field_type: FieldType | None, scalars: set[str], formats: set[str]
) -> bool:
    if field_type is FieldType.DATETIME:
        return "date-time" in formats
    return len(scalars) == 1


def alternatives(schema: Any, root: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield a schema and all that its anyOf, oneOf, allOf and $ref lead to."""
    followed: set[str] = set()  # a $ref may lead back to itself
    waiting = [schema]
    while waiting:
        part = waiting.pop()
        if not isinstance(part, dict):
            continue
        yield part
        for key in ("anyOf", "oneOf", "allOf"):
            among = part.get(key)
            waiting += among if isinstance(among, list) else ()
        reference = part.get("$ref")
        if isinstance(reference, str) and reference not in followed:
            followed.add(reference)
            waiting.append(_resolve(reference, root))


def _resolve(reference: str, root: Mapping[str, Any]) -> Any:
    """Return what a reference such as `#/$defs/name` leads to; None if nowhere."""
    if not reference.startswith("#"):
        return None
    place: Any = root
    for step in unquote(reference[1:]).split("/")[1:]:
        key = step.replace("~1", "/").replace("~0", "~")
        place = place.get(key) if isinstance(place, dict) else None
    return place


def types_in(part: Mapping[str, Any]) -> set[str]:
    """Return the JSON types that one schema states, without its alternatives."""
    stated = part.get("type")
    types = {stated} if isinstance(stated, str) else set(_texts_in(stated))
    if not types:
        values = _allowed_values(part)
        types = {_JSON_TYPES.get(type(value), "number") for value in values}
    if types <= {"null"} and any(key in part for key in _NESTED_KEYWORDS):
        types.add("object")
    return types


def _allowed_values(part: Mapping[str, Any]) -> list[Any]:
    if "const" in part:
        return [part["const"]]
    values = part.get("enum")
    return values if isinstance(values, list) else []


def _texts_in(value: Any) -> list[str]:
    items = value if isinstance(value, list) else ()
    return [item for item in items if isinstance(item, str)]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
