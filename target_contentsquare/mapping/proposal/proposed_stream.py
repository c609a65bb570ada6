"""The fields that a stream's rows fill, as its schema and its rows show them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from target_contentsquare.mapping.fields import MAX_STRING_BYTES, FieldType
from target_contentsquare.mapping.integration_schema import (
    SAFE_NAME_BYTES,
    SchemaField,
)
from target_contentsquare.mapping.proposal.column_values import ColumnValues

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from target_contentsquare.mapping.columns import Column
    from target_contentsquare.mapping.stream_mapping import MappedField

#: From this share of its values on, a column's type is told where the rest spoil it.
_MOST = 0.9


@dataclass(frozen=True, slots=True)
class ProposedField:
    """A field, and the values that it was proposed for."""

    field: SchemaField
    values: ColumnValues


class ProposedStream:
    """Looks at the rows of a stream.

    Attributes:
        columns: The names of the columns whose values `put` takes, in order.
        rows: How many rows were put.
    """

    def __init__(
        self, name: str, columns: Sequence[Column], fields: Sequence[MappedField]
    ) -> None:
        by_name = {column.name: column for column in columns}
        self._name = name
        self._fields = [(field, by_name[field.column]) for field in fields]
        self._values = [ColumnValues(field.type) for field in fields]
        self.columns = tuple(field.column for field in fields)
        self.rows = 0

    def put(self, values: Sequence[Any]) -> None:
        """Look at a row's values of `columns`, None where it has none."""
        self.rows += 1
        for seen, value in zip(self._values, values, strict=True):
            seen.take(value)

    def fields(self) -> list[ProposedField]:
        """Return the fields, by what the rows hold or, without any, by the schema."""
        return [
            ProposedField(_proposed(mapped, column, seen), seen)
            for (mapped, column), seen in zip(self._fields, self._values, strict=True)
        ]

    def notes(self) -> Iterator[str]:
        """Yield what the user should know of each field before registering it."""
        for (mapped, column), seen in zip(self._fields, self._values, strict=True):
            proposed = _proposed(mapped, column, seen)
            for note in _notes(mapped, column, proposed, seen):
                yield f"stream '{self._name}', field '{mapped.name}': {note}"


def _proposed(mapped: MappedField, column: Column, seen: ColumnValues) -> SchemaField:
    return SchemaField(
        name=mapped.name,
        type=seen.type or mapped.type or FieldType.STRING,
        optional=seen.filled < seen.rows if seen.rows else column.nullable,
        label=column.title or mapped.name.replace("_", " ").capitalize(),
        description=column.description,
    )


def _notes(
    mapped: MappedField, column: Column, proposed: SchemaField, seen: ColumnValues
) -> Iterator[str]:
    if len(mapped.name.encode()) > SAFE_NAME_BYTES:
        yield (
            f"its name has over {SAFE_NAME_BYTES} bytes; Contentsquare's documentation "
            "allows 50 in one place and 30 in another"
        )
    if seen.is_always_missing:
        yield f"empty in all {seen.rows} rows: its type is a guess"
    elif not seen.rows and mapped.type is None:
        yield f"property '{column.name}' states no type; STRING takes every scalar"
    elif proposed.type is FieldType.STRING:
        yield from _notes_on_texts(seen)
    elif seen.bits and seen.bits == seen.filled and proposed.type is FieldType.INT:
        yield "holds only 0 and 1: make it BOOL if they mean false and true"


def _notes_on_texts(seen: ColumnValues) -> Iterator[str]:
    for form, count in seen.local_forms.most_common(1):
        if count >= _MOST * seen.filled:
            yield (
                f"STRING, because {count} of {seen.filled} texts are {form}: convert "
                "them with stream_maps, as the mapping cookbook shows"
            )
            return
    if seen.too_long:
        yield (
            f"{seen.too_long} of {seen.filled} texts have over {MAX_STRING_BYTES} "
            f"bytes, the longest {seen.longest}: shorten them, set truncate_strings, "
            "or leave the field out"
        )
    if seen.types:
        ((most, count),) = seen.types.most_common(1)
        if most is not FieldType.STRING and count >= _MOST * seen.filled:
            yield (
                f"STRING, because {seen.filled - count} of {seen.filled} values are "
                f"not {most.value}, as the others are"
            )
