"""A stream's mapping: compiled once per SCHEMA, then turns rows into enrichments."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from target_contentsquare.enrichment import UNNUMBERED
from target_contentsquare.errors import ConfigError
from target_contentsquare.mapping.field_choice import (
    check_number_of_fields,
    choose_fields,
    require_column,
    warn_of_columns_left_out,
)
from target_contentsquare.mapping.fields import Converter, FieldType, to_scalar
from target_contentsquare.mapping.identity import (
    FIT_USER_ID,
    MAX_ENRICHMENT_NUMBER,
    TYPED_SESSION_NUMBER,
    TYPED_USER_ID,
    split_session_key,
    to_enrichment_number,
    to_project_id,
    to_session_number,
    to_user_id,
    warn_of_hashed_user_ids,
)
from target_contentsquare.mapping.row_function import (
    Cell,
    RowFunction,
    RowPlan,
    compile_row_function,
)
from target_contentsquare.mapping.session_age import TYPED_SESSION_START, latest_start

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Mapping, Sequence

    from target_contentsquare.mapping.columns import Column
    from target_contentsquare.mapping.stream_mapping import MappedField, StreamMapping


@dataclass(frozen=True, slots=True)
class MappedColumn:
    """A column whose value a row function takes.

    Attributes:
        typed: The type that a decoder checks for `RowMapper.enrich_typed`. `Any`: the
            value as it comes; `msgspec.Raw`: a key that only has to be there.
        is_key: A row has to have the column.
        never_null: The type has no null, so that a row without the column can't be
            decoded to it: such a row is for `RowMapper.enrich`.
    """

    name: str
    typed: Any
    is_key: bool
    never_null: bool


@dataclass(frozen=True, slots=True)
class RowMapper:
    """Turns a stream's rows into enrichments; made by `compile_mapping`.

    Both functions take a row's values of `columns`, None where it has none, and when
    the oldest sessions that are sent may have started. They return the enrichment with
    its key and the start of its session, or why the row is dropped, and raise
    `UnfitValueError` if it can't be delivered. What can be delivered becomes the same
    in both.

    Attributes:
        columns: Those that are mapped, in the order of the values, then the rest of
            the stream's keys.
        enrich: Takes values of any type.
        enrich_typed: Takes values decoded to `MappedColumn.typed`; faster. A row that
            can't be decoded to these types, or that it raises an error for, has to be
            tried with `enrich`, which takes more and tells all that is wrong.
        mapping: What the settings say, with what depends on the columns filled in.
        fields: The enrichment fields, in the order in which they are sent.
        warnings: What the user should know of this mapping, once per SCHEMA.
    """

    columns: tuple[MappedColumn, ...]
    enrich: RowFunction
    enrich_typed: RowFunction
    mapping: StreamMapping
    fields: tuple[MappedField, ...]
    warnings: tuple[str, ...]

    @property
    def has_many_projects(self) -> bool:
        """Whether each row says which project it is for."""
        return isinstance(self.mapping.project_id, str)


def compile_mapping(
    stream: str,
    columns: Sequence[Column],
    mapping: StreamMapping,
    *,
    keys: Sequence[str] = (),
) -> RowMapper:
    """Fit a mapping to the columns of a stream.

        >>> mapper = compile_mapping(
        ...     "calls",
        ...     [
        ...         Column("user_id", FieldType.STRING, typed=True),
        ...         Column("session_number", FieldType.INT, typed=True),
        ...         Column("call_duration", FieldType.INT, typed=True),
        ...     ],
        ...     StreamMapping("streams.calls", project_id=162),
        ... )
        >>> key, enrichment, start = mapper.enrich(["aaa", "5", "3532"], a_week_ago)
        >>> key
        (162, 'aaa', 5, 1)

    Args:
        keys: The columns that tell the stream's rows apart; they need not be mapped.

    Raises:
        ConfigError: The mapping names what is not there, or leaves out what has to be;
            the message lists what there is.
    """
    if mapping.is_numbered_by_memory and not keys:
        raise ConfigError(
            f'{mapping.setting}.enrichment_number: "auto" needs key properties, which '
            f"tell a session's rows apart, and the SCHEMA of stream '{stream}' has "
            "none: set them in the tap or with stream_maps, or say another number"
        )
    fitted = fit_mapping(stream, columns, mapping)
    mapping, identity, fields = fitted.mapping, fitted.identity, fitted.fields
    if mapping.integration_schema is None:
        check_number_of_fields(fields, mapping.setting)
    known = {column.name: column for column in columns}
    typed = _typed_columns(identity, fields, known)
    for_any, for_typed = _Planner(mapping, ()), _Planner(mapping, typed)
    enrich = compile_row_function(for_any.plan(fields, keys), stream)
    enrich_typed = compile_row_function(for_typed.plan(fields, keys), stream)
    mapped = {*identity.values(), *(field.column for field in fields)}
    return RowMapper(
        columns=_mapped_columns(for_any.places, mapped, typed, keys),
        enrich=enrich,
        enrich_typed=enrich_typed,
        mapping=mapping,
        fields=tuple(fields),
        warnings=fitted.warnings,
    )


@dataclass(frozen=True, slots=True)
class FittedMapping:
    """A mapping that fits the columns of a stream.

    Attributes:
        mapping: With what depends on the columns filled in.
        identity: The columns that say which enrichment a row is, by mapping key.
        warnings: What the user should know of it.
    """

    mapping: StreamMapping
    identity: Mapping[str, str]
    fields: Sequence[MappedField]
    warnings: tuple[str, ...]


def fit_mapping(
    stream: str, columns: Sequence[Column], mapping: StreamMapping
) -> FittedMapping:
    """Find the columns that a mapping names, and the fields to send.

    Raises:
        ConfigError: The mapping names what is not there, or leaves out what has to be;
            the message lists what there is.
    """
    known = {column.name: column for column in columns}
    mapping = _fill_in_defaults(mapping, known)
    identity = _identity_columns(mapping)
    for key, name in identity.items():
        require_column(name, f"{mapping.setting}.{key}", stream, known)
    used = set(identity.values())
    return FittedMapping(
        mapping=mapping,
        identity=identity,
        fields=choose_fields(stream, known, mapping, used),
        warnings=(
            *warn_of_hashed_user_ids(stream, known, mapping),
            *warn_of_columns_left_out(stream, known, mapping, used),
        ),
    )


def _fill_in_defaults(
    mapping: StreamMapping, columns: Mapping[str, Column]
) -> StreamMapping:
    """Return the mapping with what depends on the stream's columns."""
    if mapping.session_started_at is None and "session_started_at" in columns:
        mapping = replace(mapping, session_started_at="session_started_at")
    number = mapping.enrichment_number
    if mapping.is_numbered_by_memory:
        mapping = replace(mapping, enrichment_number=UNNUMBERED)
    if number in _ENRICHMENT_NUMBERS and number not in columns:
        # Meltano stores a number in a setting of several types as text.
        mapping = replace(mapping, enrichment_number=int(number))
    return mapping


def _identity_columns(mapping: StreamMapping) -> dict[str, str]:
    """Return the columns that say which enrichment a row is, by mapping key."""
    keys = ["session_started_at", "enrichment_number", "project_id"]
    if mapping.session_key is not None:
        keys.insert(0, "session_key")
    else:
        keys[:0] = ["user_id", "session_number"]
    settings = {key: getattr(mapping, key) for key in keys}
    return {key: name for key, name in settings.items() if isinstance(name, str)}


_ENRICHMENT_NUMBERS = tuple(str(n) for n in range(1, MAX_ENRICHMENT_NUMBER + 1))

# What decoders check of the columns of the identity, if they are of the field type.
_TYPED_IDENTITY: Mapping[str, tuple[FieldType, Any]] = {
    "user_id": (FieldType.STRING, TYPED_USER_ID),
    "session_number": (FieldType.INT, TYPED_SESSION_NUMBER),
    "session_started_at": (FieldType.DATETIME, TYPED_SESSION_START | None),
}


def _typed_columns(
    identity: Mapping[str, str],
    fields: Sequence[MappedField],
    columns: Mapping[str, Column],
) -> dict[str, Any]:
    """Return the types of the columns whose values a decoder can check.

    A column that is used twice is left out: its uses may need different types.
    """
    uses = Counter([*identity.values(), *(field.column for field in fields)])
    types = {
        field.column: field.type.decoded
        for field in fields
        if field.typed and field.type is not None
    }
    for key, (field_type, decoded) in _TYPED_IDENTITY.items():
        column = columns.get(identity.get(key, ""))
        if column and column.typed and column.type is field_type:
            types[column.name] = decoded
    return {name: decoded for name, decoded in types.items() if uses[name] == 1}


@dataclass(slots=True)
class _Planner:
    """Makes the plan of a row function.

    Attributes:
        typed: The columns whose values come decoded.
        places: Where each column's value is in a row; each is read once, however often
            it is used.
    """

    mapping: StreamMapping
    typed: Container[str]
    places: dict[str, int] = field(default_factory=dict)

    def plan(self, fields: Sequence[MappedField], keys: Sequence[str]) -> RowPlan:
        """Return the plan of a row function, and fill in `places`."""
        mapping = self.mapping
        session = self._session()
        number = self._number("enrichment_number", to_enrichment_number)
        project = self._number("project_id", to_project_id)
        start = mapping.session_started_at
        started_at = start and self._cell("session_started_at", start, latest_start)
        cells = tuple(map(self._field, fields))
        for key in keys:
            self._index(key)
        return RowPlan(
            width=len(self.places),
            session=session,
            started_at=started_at or None,
            number=number,
            project=project,
            fields=cells,
        )

    def _index(self, name: str) -> int:
        return self.places.setdefault(name, len(self.places))

    def _cell(self, key: str, column: str, convert: Callable[[Any], Any]) -> Cell:
        return Cell(key, self._index(column), None if column in self.typed else convert)

    def _session(self) -> tuple[Cell, ...]:
        mapping = self.mapping
        if mapping.session_key is not None:
            return (self._cell("session_key", mapping.session_key, split_session_key),)
        return (
            self._user_id(mapping.user_id),
            self._cell("session_number", mapping.session_number, to_session_number),
        )

    def _user_id(self, column: str) -> Cell:
        # What a decoder can't check: blanks around it, words for null, lost digits.
        is_fit = FIT_USER_ID if column in self.typed else ""
        return Cell("user_id", self._index(column), to_user_id, is_fit=is_fit)

    def _number(self, key: str, convert: Callable[[Any], int]) -> Any:
        setting = getattr(self.mapping, key)
        if isinstance(setting, str):
            return self._cell(key, setting, convert)
        return setting

    def _field(self, mapped: MappedField) -> Cell:
        truncate, is_fit = self.mapping.truncate_strings, ""
        convert: Converter | None
        if mapped.type is None:
            convert = partial(to_scalar, truncate_strings=truncate)
        elif mapped.column in self.typed:
            convert = mapped.type.typed_converter(truncate_strings=truncate)
            is_fit = mapped.type.is_fit
        else:
            convert = mapped.type.converter(truncate_strings=truncate)
        index, is_required = self._index(mapped.column), not mapped.optional
        return Cell(mapped.name, index, convert, is_required, is_fit)


def _mapped_columns(
    places: Mapping[str, int],
    mapped: Container[str],
    typed: Mapping[str, Any],
    keys: Sequence[str],
) -> tuple[MappedColumn, ...]:
    return tuple(
        MappedColumn(
            name,
            typed=typed.get(name, Any) if name in mapped else msgspec.Raw,
            is_key=name in keys,
            never_null=typed.get(name) in (TYPED_USER_ID, TYPED_SESSION_NUMBER),
        )
        for name in places
    )
