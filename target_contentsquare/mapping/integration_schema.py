"""The integration schema: the fields that are registered with Contentsquare."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from target_contentsquare.errors import ConfigError
from target_contentsquare.mapping.fields import FieldType

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# Limits from Contentsquare's public documentation of the integration schema.
MAX_FIELDS_PER_TYPE = 10
#: The documentation says 30 in one place and 50 in another.
MAX_NAME_BYTES = 50
SAFE_NAME_BYTES = 30


@dataclass(frozen=True, slots=True)
class SchemaField:
    """One field of an integration schema."""

    name: str
    type: FieldType
    optional: bool = False
    label: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class IntegrationSchema:
    """A schema registered with Contentsquare, its fields by name."""

    fields: Mapping[str, SchemaField]

    @classmethod
    def parse(cls, document: object, setting: str) -> IntegrationSchema:
        """Read the JSON document that was registered with Contentsquare.

        Args:
            document: `{"fields": [{"name", "type", "optional", …}, …]}`.
            setting: Where it came from, for the error.

        Raises:
            ConfigError: Says what is wrong and what is allowed.
        """
        items = document.get("fields") if isinstance(document, dict) else None
        if not isinstance(items, list) or not items:
            msg = f'{setting}: must be {{"fields": [...]}} with at least one field'
            raise ConfigError(msg)
        fields: dict[str, SchemaField] = {}
        for index, item in enumerate(items):
            field = _parse_field(item, f"{setting}.fields[{index}]")
            if field.name in fields:
                msg = f"{setting}.fields[{index}]: '{field.name}' is there twice"
                raise ConfigError(msg)
            fields[field.name] = field
        if problem := too_many_of_a_type(f.type for f in fields.values()):
            raise ConfigError(f"{setting}: {problem}")
        return cls(fields)

    @property
    def long_names(self) -> list[str]:
        """Names over 30 bytes: the documentation contradicts itself about them."""
        return [n for n in self.fields if len(n.encode()) > SAFE_NAME_BYTES]


def is_plain_name(name: str) -> bool:
    """Return whether a name stands in JSON as it is, which decoders rely on."""
    try:
        return json.dumps(name, ensure_ascii=False).encode() == f'"{name}"'.encode()
    except UnicodeEncodeError:
        return False


def what_is_wrong_with_name(name: str) -> str | None:
    """Return what is wrong with the name of a field, or None if nothing is."""
    if not name:
        return "a field's name must not be empty"
    if not is_plain_name(name):
        return "a field's name must have no quotes, backslashes or control characters"
    size = len(name.encode())
    if size > MAX_NAME_BYTES:
        return f"a field's name has at most {MAX_NAME_BYTES} bytes, not {size} bytes"
    return None


def too_many_of_a_type(types: Iterable[FieldType]) -> str | None:
    """Return which type has more fields than a schema may have, or None if none has."""
    for field_type, count in Counter(types).items():
        if count > MAX_FIELDS_PER_TYPE:
            return (
                f"{count} fields of type {field_type.value}, at most "
                f"{MAX_FIELDS_PER_TYPE}"
            )
    return None


def _parse_field(item: object, where: str) -> SchemaField:
    if not isinstance(item, dict) or not isinstance(item.get("name"), str):
        msg = f'{where}: must be an object with "name" and "type"'
        raise ConfigError(msg)
    if problem := what_is_wrong_with_name(item["name"]):
        raise ConfigError(f"{where}: {problem}")
    allowed = [field_type.value for field_type in FieldType]
    if item.get("type") not in allowed:
        msg = f"{where}.type: must be one of {', '.join(allowed)}"
        raise ConfigError(msg)
    if not isinstance(item.get("optional", False), bool):
        msg = f"{where}.optional: must be true or false"
        raise ConfigError(msg)
    return SchemaField(
        name=item["name"],
        type=FieldType(item["type"]),
        optional=item.get("optional", False),
        label=str(item.get("label") or ""),
        description=str(item.get("description") or ""),
    )
