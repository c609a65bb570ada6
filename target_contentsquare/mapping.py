"""A stream's mapping: compiled once per SCHEMA, then turns rows into enrichments."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

from target_contentsquare.enrichment import Enrichment, Scalar
from target_contentsquare.errors import ConfigError, UnfitValueError
from target_contentsquare.field_choice import choose_fields, listed, require_property
from target_contentsquare.fields import Converter, to_natural
from target_contentsquare.identity import (
    split_session_key,
    to_enrichment_number,
    to_project_id,
    to_session_number,
    to_user_id,
)
from target_contentsquare.session_age import SECONDS_PER_DAY, latest_start

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from target_contentsquare.stream_mapping import MappedField, StreamMapping

# Why a row is dropped: expected, so not errors.
SESSION_TOO_OLD = "session_too_old"
NO_ENRICHMENT_FIELDS = "no_enrichment_fields"

#: The project (None: the credentials' own) and the enrichment, or why it is dropped.
Outcome: TypeAlias = tuple[int | None, Enrichment] | str


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
            mapping.enrichment_number, columns, to_enrichment_number
        )
        self._project = _constant_or_column(mapping.project_id, columns, to_project_id)
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
        return lambda values: split_session_key(values[index])
    user, session = (
        columns.index(mapping.user_id),
        columns.index(mapping.session_number),
    )
    return lambda values: (
        to_user_id(values[user]),
        to_session_number(values[session]),
    )


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
        require_property(name, f"{mapping.setting}.{key}", stream, properties)
    warnings: list[str] = []
    fields = choose_fields(stream, properties, mapping, set(used.values()), warnings)
    if not fields:
        msg = (
            f"{mapping.setting}: stream '{stream}' has no property to send as an "
            f"enrichment field; it has: {listed(properties)}"
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
