"""`flattening_enabled`: nested properties become columns, and all others stay the same.

The SDK's own flattening changes properties that are not nested: it drops most of those
whose schema is an `anyOf`, fails on `$ref`, `enum` and `examples`, makes text of those
without a type, and shortens long names. Here only objects that state their properties
are taken apart. The columns have the names that the SDK gives them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from singer_sdk.helpers._flattening import flatten_key
from singer_sdk.singerlib.json import serialize_json

from target_contentsquare.errors import ConfigError
from target_contentsquare.singer.streams.json_schema import alternatives, types_in

if TYPE_CHECKING:
    from singer_sdk.helpers._flattening import FlatteningOptions

#: By property, its column, or what becomes of the properties of an object.
Places: TypeAlias = "dict[str, str | Places]"

_MAX_COLUMNS = 10_000  # schemas whose objects refer to each other could fill the memory
_NESTED_TYPES = {"array", "object"}
_TEXT = {"type": ["string", "null"]}


@dataclass(frozen=True, slots=True)
class Flattening:
    """How the rows under one schema are flattened.

    Attributes:
        schema: The JSON schema of the rows that come out.
    """

    schema: Mapping[str, Any]
    _places: Places

    def flatten(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Return a row's columns. What is still nested in them is in JSON text."""
        columns: dict[str, Any] = {}
        _flatten_into(columns, row, self._places)
        return columns


def flatten_schema(
    schema: Mapping[str, Any], options: FlatteningOptions, stream: str
) -> Flattening:
    """Return how the rows under a stream's JSON schema are flattened.

    Raises:
        ConfigError: Two columns would get the same name, or there would be too many.
    """
    columns = _Columns(schema, options, stream)
    places = columns.add_all(schema["properties"], (), ())
    required = schema.get("required")
    flattened = {
        **schema,
        "properties": columns.described,
        "required": [
            name
            for name in (required if isinstance(required, list) else ())
            if isinstance(name, str) and isinstance(places.get(name), str)
        ],
    }
    return Flattening(flattened, places)


@dataclass(frozen=True, slots=True)
class _Columns:
    """The columns that a schema is flattened to.

    Attributes:
        described: By column, its JSON schema.
    """

    root: Mapping[str, Any]
    options: FlatteningOptions
    stream: str
    described: dict[str, Any] = field(default_factory=dict)

    def add_all(
        self,
        properties: Mapping[str, Any],
        parents: tuple[str, ...],
        around: tuple[int, ...],
    ) -> Places:
        """Add the columns of an object's properties, and return where they are.

        Args:
            parents: The names of the objects that the object is in.
            around: The ids of these objects' schemas: one of them may be met again
                where a `$ref` leads back to it.
        """
        places: Places = {}
        for name, described in properties.items():
            parts = list(alternatives(described, self.root))
            inner = _properties_in(described, parts)
            ids = tuple(map(id, parts))
            is_open = len(parents) < self.options.max_level
            if inner and is_open and not set(ids) & set(around):
                below = self.add_all(inner, (*parents, name), (*around, *ids))
                places[name] = below
            else:
                places[name] = self._add(name, parents, _column(described, parts))
        return places

    def _add(self, name: str, parents: tuple[str, ...], described: Any) -> str:
        if parents:
            options = self.options
            name = flatten_key(
                name,
                list(parents),
                options.separator,
                max_key_length=options.max_key_length,
            )
        if name in self.described:
            raise ConfigError(
                f"flattening_enabled: stream '{self.stream}' would have two columns "
                f"'{name}': set another flattening_separator, or a larger "
                "flattening_max_key_length"
            )
        if len(self.described) == _MAX_COLUMNS:
            raise ConfigError(
                f"flattening_enabled: stream '{self.stream}' would have more than "
                f"{_MAX_COLUMNS:,} columns: set a smaller flattening_max_depth"
            )
        self.described[name] = described
        return name


def _properties_in(described: Any, parts: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the properties of an object; empty if it states none, or is no object.

    What may be an object or a scalar is left whole, but where one `type` says both: the
    SDK takes that apart.
    """
    found: dict[str, Any] = {}
    types: set[str] = set()
    for part in parts:
        types |= types_in(part)
        properties = part.get("properties")
        if isinstance(properties, dict) and "object" in types_in(part):
            found |= properties
    is_object = isinstance(described, dict) and "object" in types_in(described)
    return found if is_object or types <= {"object", "null"} else {}


def _column(described: Any, parts: list[dict[str, Any]]) -> Any:
    """Return the JSON schema of a column."""
    if any(types_in(part) & _NESTED_TYPES for part in parts):
        return {**_labels(described), **_TEXT}
    if any("$ref" in part for part in parts):
        # What it leads to may not be at the same place in the flattened schema.
        followed = ("$ref", "anyOf", "oneOf", "allOf")
        plain = [{k: v for k, v in p.items() if k not in followed} for p in parts]
        return {**_labels(described), "anyOf": plain}
    return described


def _labels(described: Any) -> dict[str, Any]:
    return {key: described[key] for key in ("title", "description") if key in described}


def _flatten_into(
    columns: dict[str, Any], values: Mapping[str, Any], places: Places
) -> None:
    for name, value in values.items():
        place = places.get(name)
        if isinstance(place, str):
            is_nested = isinstance(value, (dict, list))
            columns[place] = _to_text(value) if is_nested else value
        elif place is not None and isinstance(value, Mapping):
            _flatten_into(columns, value, place)


def _to_text(value: Any) -> Any:
    """Return an array or object in JSON, or as it is where JSON can't hold it."""
    try:
        return serialize_json(value)
    except (RecursionError, TypeError, ValueError):
        return value
