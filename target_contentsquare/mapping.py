"""A stream's mapping: compiled once per SCHEMA, then turns rows into enrichments."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

from target_contentsquare.enrichment import Enrichment, Scalar
from target_contentsquare.errors import ConfigError, UnfitValueError
from target_contentsquare.fields import (
    MAX_FIELDS_PER_TYPE,
    Converter,
    FieldType,
    IntegrationSchema,
    check_name,
    to_integer,
    to_natural,
)
from target_contentsquare.session_age import (
    MAX_SESSION_AGE_DAYS,
    SECONDS_PER_DAY,
    latest_start,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

#: A session can hold this many enrichments.
MAX_ENRICHMENT_NUMBER = 3
_MAX_INT64 = 2**63 - 1

# Why a row is dropped: expected, so not errors.
SESSION_TOO_OLD = "session_too_old"
NO_ENRICHMENT_FIELDS = "no_enrichment_fields"

#: The project (None: the credentials' own) and the enrichment, or why it is dropped.
Outcome: TypeAlias = tuple[int | None, Enrichment] | str


@dataclass(frozen=True, slots=True)
class StreamMapping:
    """What the settings say of a stream, defaults filled in.

    `setting` names the entry in the `streams` setting, for errors. `project_id` is
    None where the credentials know theirs. `fields` maps enrichment fields to
    properties.
    """

    setting: str
    user_id: str = "user_id"
    session_number: str = "session_number"
    session_key: str | None = None
    session_started_at: str | None = None
    enrichment_number: int | str = 1
    project_id: int | str | None = None
    integration_version: int = 1
    integration_schema: IntegrationSchema | None = None
    fields: Mapping[str, str] | None = None
    max_session_age_days: float = MAX_SESSION_AGE_DAYS
    truncate_strings: bool = False


@dataclass(frozen=True, slots=True)
class MappedField:
    """An enrichment field, the property that it is filled from, and how.

    `type` is None where neither schema says it: each value then goes by what it is.
    """

    name: str
    property: str
    type: FieldType | None
    optional: bool = True


class RowMapper:
    """Turns a stream's rows into enrichments; made by `compile_mapping`.

    Attributes:
        properties: The properties that `enrich` wants the values of, in order.
        fields: The enrichment fields, in the order they are sent.
        warnings: What the user should know of this mapping, once per SCHEMA.
    """

    __slots__ = (
        "_columns",
        "_max_age",
        "_number",
        "_project",
        "_required",
        "_session",
        "_started_at",
        "fields",
        "integration_version",
        "properties",
        "warnings",
    )

    def __init__(
        self,
        mapping: StreamMapping,
        fields: Sequence[MappedField],
        started_at: str | None,
        warnings: Sequence[str],
    ) -> None:
        columns = _Columns()
        self.fields = tuple(fields)
        self.warnings = tuple(warnings)
        self.integration_version = mapping.integration_version
        self._max_age = mapping.max_session_age_days * SECONDS_PER_DAY
        self._started_at = None if started_at is None else columns.index(started_at)
        self._session = _session_reader(mapping, columns)
        self._number = _constant_or_column(
            mapping.enrichment_number, columns, _to_enrichment_number
        )
        self._project = _constant_or_column(mapping.project_id, columns, _to_project_id)
        self._columns = tuple(
            (one.name, columns.index(one.property), _converter(one, mapping))
            for one in fields
        )
        self._required = frozenset(one.name for one in fields if not one.optional)
        self.properties = tuple(columns.names)

    def enrich(self, values: Sequence[Any], now: float) -> Outcome:
        """Turn one row into an enrichment.

        Args:
            values: The row's values of `properties`, None where it has none.
            now: Unix seconds, to tell a session's age.

        Raises:
            UnfitValueError: The row can't be delivered.
        """
        if self._started_at is not None:
            start = latest_start(values[self._started_at])
            if start is not None and start < now - self._max_age:
                return SESSION_TOO_OLD
        user_id, session_number = self._session(values)
        number = self._number
        if type(number) is not int:
            number = number(values)
        project = self._project
        if project is not None and type(project) is not int:
            project = project(values)
        fields = self._convert(values)
        if not fields:
            return NO_ENRICHMENT_FIELDS
        if not self._required <= fields.keys():
            missing = min(self._required - fields.keys())
            detail = "null or missing, and the integration schema says not optional"
            raise UnfitValueError("missing_field", detail, missing)
        return project, Enrichment(user_id, session_number, number, fields)

    def _convert(self, values: Sequence[Any]) -> dict[str, Scalar]:
        fields = {}
        name = ""
        try:
            for name, index, convert in self._columns:
                value = values[index]
                if value is not None and (sent := convert(value)) is not None:
                    fields[name] = sent
        except UnfitValueError as error:
            error.field = name
            raise
        return fields


@dataclass(slots=True)
class _Columns:
    """Which properties are read, each once, and where its value then is."""

    names: list[str] = field(default_factory=list)

    def index(self, name: str) -> int:
        if name not in self.names:
            self.names.append(name)
        return self.names.index(name)


def _constant_or_column(
    setting: Any, columns: _Columns, convert: Callable[[Any], int]
) -> Any:
    """The constant itself, or a function that takes the value out of a row."""
    if not isinstance(setting, str):
        return setting
    index = columns.index(setting)
    return lambda values: convert(values[index])


def _session_reader(
    mapping: StreamMapping, columns: _Columns
) -> Callable[[Sequence[Any]], tuple[str, int]]:
    if mapping.session_key is not None:
        index = columns.index(mapping.session_key)
        return lambda values: _split_session_key(values[index])
    user, session = (
        columns.index(mapping.user_id),
        columns.index(mapping.session_number),
    )
    return lambda values: (
        _to_user_id(values[user]),
        _to_session_number(values[session]),
    )


def _to_user_id(value: Any) -> str:
    if type(value) is str and value and not value.isspace():
        if value.isascii() or _is_unicode(value):
            return value
        detail = "not valid Unicode: half of a surrogate pair"
    elif type(value) is int:
        return str(value)
    else:
        detail = "null, empty, or neither text nor an integer"
    raise UnfitValueError("missing_user_id", detail, "user_id")


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _to_session_number(value: Any) -> int:
    return _positive(value, "session_number", _MAX_INT64)


def _to_enrichment_number(value: Any) -> int:
    return _positive(value, "enrichment_number", MAX_ENRICHMENT_NUMBER)


def _to_project_id(value: Any) -> int:
    return _positive(value, "project_id", _MAX_INT64)


def _positive(value: Any, name: str, highest: int) -> int:
    if type(value) is int and 0 < value <= highest:
        return value
    try:
        number = to_integer(value, 1, highest)
    except UnfitValueError as error:
        raise UnfitValueError(f"invalid_{name}", error.detail, name) from None
    if number is None:
        raise UnfitValueError(f"invalid_{name}", "null or empty", name)
    return number


def _split_session_key(value: Any) -> tuple[str, int]:
    if isinstance(value, str):
        user_id, dot, session_number = value.rpartition(".")
        try:
            if dot and session_number.isascii() and session_number.isdigit():
                return _to_user_id(user_id), _to_session_number(session_number)
        except UnfitValueError:
            pass
    detail = "not userId.sessionNumber as Contentsquare's tag gives it"
    raise UnfitValueError("invalid_session_key", detail, "session_key")


def _converter(one: MappedField, mapping: StreamMapping) -> Converter:
    if one.type is None:
        return partial(to_natural, truncate_strings=mapping.truncate_strings)
    return one.type.converter(truncate_strings=mapping.truncate_strings)


def compile_mapping(
    stream: str, schema: Mapping[str, Any], mapping: StreamMapping
) -> RowMapper:
    """Fit a mapping to the stream's schema.

    Args:
        schema: The JSON schema of the stream, after stream maps.

    Raises:
        ConfigError: The mapping names what is not there, or leaves out what has to be;
            the message lists what there is.
    """
    properties: Mapping[str, Any] = schema.get("properties") or {}
    started_at = mapping.session_started_at
    if started_at is None and "session_started_at" in properties:
        started_at = "session_started_at"
    used = _identity_properties(mapping, started_at)
    for key, name in used.items():
        _require_property(name, f"{mapping.setting}.{key}", stream, properties)
    warnings: list[str] = []
    fields = _choose_fields(stream, properties, mapping, set(used.values()), warnings)
    if not fields:
        msg = (
            f"{mapping.setting}: stream '{stream}' has no property to send as an "
            f"enrichment field; it has: {_listed(properties)}"
        )
        raise ConfigError(msg)
    return RowMapper(mapping, fields, started_at, warnings)


def _identity_properties(
    mapping: StreamMapping, started_at: str | None
) -> dict[str, str]:
    """The properties that say which enrichment a row is, by mapping key."""
    if mapping.session_key is not None:
        used: dict[str, Any] = {"session_key": mapping.session_key}
    else:
        used = {
            "user_id": mapping.user_id,
            "session_number": mapping.session_number,
        }
    used["session_started_at"] = started_at
    used["enrichment_number"] = mapping.enrichment_number
    used["project_id"] = mapping.project_id
    return {key: name for key, name in used.items() if isinstance(name, str)}


def _choose_fields(
    stream: str,
    properties: Mapping[str, Any],
    mapping: StreamMapping,
    used: set[str],
    warnings: list[str],
) -> list[MappedField]:
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
    else:
        _check_count(fields, mapping.setting)
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
        _require_property(source, setting, stream, properties)
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
            f"stream '{stream}': left out {_listed(left_out)}: only scalar properties "
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
        return MappedField(name, source, type_of(properties[source]))
    if name not in schema.fields:
        msg = (
            f"{mapping.setting}.fields.{name}: the integration schema has no field "
            f"'{name}'; it has: {_listed(schema.fields)}"
        )
        raise ConfigError(msg)
    known = schema.fields[name]
    return MappedField(name, source, known.type, known.optional)


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
            f"{setting}.fields: the integration schema says that {_listed(missing)} "
            "is not optional, but no property is mapped to it; the stream has: "
            f"{_listed(properties)}"
        )
        raise ConfigError(msg)


def _check_count(fields: Sequence[MappedField], setting: str) -> None:
    counts = Counter(one.type for one in fields if one.type is not None)
    for kind, count in counts.items():
        if count > MAX_FIELDS_PER_TYPE:
            msg = (
                f"{setting}.fields: {count} fields would be {kind.value}, and an "
                f"integration schema has at most {MAX_FIELDS_PER_TYPE} of a type: name "
                "the ones to send"
            )
            raise ConfigError(msg)


def _require_property(
    name: str, setting: str, stream: str, properties: Mapping[str, Any]
) -> None:
    if name not in properties:
        msg = (
            f"{setting}: stream '{stream}' has no property '{name}'; it has: "
            f"{_listed(properties)}"
        )
        raise ConfigError(msg)


def _listed(names: Any) -> str:
    return ", ".join(f"'{name}'" for name in names) or "none"


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


_FIELD_TYPES = {
    "integer": FieldType.INT,
    "number": FieldType.FLOAT,
    "boolean": FieldType.BOOL,
    "string": FieldType.STRING,
}


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
    return {part.get("format") for part in _alternatives(schema)}


def _type_list(schema: Mapping[str, Any]) -> list[Any]:
    kind = schema.get("type")
    return kind if isinstance(kind, list) else [kind]


def _alternatives(schema: Any) -> list[Mapping[str, Any]]:
    """The schema and, at any depth, what its anyOf, oneOf and allOf hold."""
    if not isinstance(schema, dict):
        return []
    parts = [schema]
    for key in ("anyOf", "oneOf", "allOf"):
        for part in schema.get(key) or ():
            parts.extend(_alternatives(part))
    return parts
