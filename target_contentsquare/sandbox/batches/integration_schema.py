"""A registered integration schema, and whether an enrichment matches it."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from target_contentsquare.sandbox.batches.values import (
    FIELD_TYPES,
    FieldType,
    why_not,
    why_not_text,
)
from target_contentsquare.sandbox.errors import PayloadError

NAME_BYTES: Final = 50
FIELDS_OF_A_TYPE: Final = 10


@dataclass(frozen=True, slots=True)
class IntegrationSchema:
    """The fields that enrichments of one integration version are made of."""

    types: Mapping[str, FieldType]
    required: frozenset[str]

    @classmethod
    def from_json(cls, document: object) -> "IntegrationSchema":
        """Return the schema in the JSON document that a provider registers.

        A field that does not say `optional` is required. The documentation's fields
        all say it.

        Raises:
            ValueError: it could not be registered; limits are 10 fields of each
                type and 50 bytes in a name.
        """
        if not isinstance(document, Mapping) or not _are_fields(document.get("fields")):
            message = 'must be an object with "fields", a list of objects'
            raise ValueError(message)
        fields = [_Field.from_json(field) for field in document["fields"]]
        _refuse_repeats(fields)
        return cls(
            {field.name: field.field_type for field in fields},
            frozenset(field.name for field in fields if field.required),
        )

    def check(self, enrichment: Mapping[str, object], row: int) -> None:
        """Check an enrichment's fields.

        Raises:
            PayloadError: they don't match; the first problem is told.
        """
        for name in sorted(self.required - enrichment.keys()):
            rule = "is missing, and the schema requires it"
            raise PayloadError(f"{name!r} {rule}", row, field=name, rule=rule)
        for name, value in enrichment.items():
            if name not in self.types:
                rule = "is not in the integration schema"
                raise PayloadError(f"{name!r} {rule}", row, field=name, rule=rule)
            if problem := why_not(value, self.types[name]):
                raise problem.of_field(name, row)


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    field_type: FieldType
    required: bool

    @classmethod
    def from_json(cls, field: Mapping[str, object]) -> "_Field":
        name, optional = field.get("name"), field.get("optional", False)
        if not isinstance(name, str) or not name or why_not_text(name, NAME_BYTES):
            message = f"a field's name must be text of 1 to {NAME_BYTES} bytes"
            raise ValueError(message)
        if not isinstance(optional, bool):
            message = f"{name!r}: optional must be true or false"
            raise ValueError(message)  # noqa: TRY004 - the file is wrong, not the code
        return cls(name, _type_of(name, field.get("type")), not optional)


def _type_of(name: str, given: object) -> FieldType:
    for field_type in FIELD_TYPES:
        if given == field_type:
            return field_type
    message = f"{name!r}: type must be one of {', '.join(FIELD_TYPES)}"
    raise ValueError(message)


def _are_fields(fields: object) -> bool:
    return isinstance(fields, list) and all(isinstance(f, Mapping) for f in fields)


def _refuse_repeats(fields: list[_Field]) -> None:
    for name, count in Counter(field.name for field in fields).items():
        if count > 1:
            message = f"the field {name!r} comes {count} times"
            raise ValueError(message)
    for field_type, count in Counter(field.field_type for field in fields).items():
        if count > FIELDS_OF_A_TYPE:
            message = (
                f"{count} fields of type {field_type}, {FIELDS_OF_A_TYPE} are allowed"
            )
            raise ValueError(message)
