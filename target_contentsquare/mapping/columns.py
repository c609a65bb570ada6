"""The columns of a stream, as a host tells the core about them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from target_contentsquare.mapping.fields import FieldType


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a stream's rows, read once from the schema that the host has.

    Attributes:
        type: The field type that fits the column's values: STRING where the schema
            allows several scalar types, None where it states none.
        typed: The schema promises values of exactly this type. They are then read
            faster; a row that breaks the promise is read untyped, with the same result.
        nested: Values may be arrays or objects, which can't be sent.
        nullable: Values may be null or absent.
        title: A label for people; may be empty.
        description: A sentence for people; may be empty.
    """

    name: str
    type: FieldType | None
    typed: bool
    nested: bool = False
    nullable: bool = True
    title: str = ""
    description: str = ""
