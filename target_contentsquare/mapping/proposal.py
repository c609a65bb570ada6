"""The integration schema to register with Contentsquare, from the streams."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from target_contentsquare.errors import ConfigError
from target_contentsquare.mapping.compile import compile_mapping
from target_contentsquare.mapping.fields import FieldType
from target_contentsquare.mapping.integration_schema import (
    SAFE_NAME_BYTES,
    Field,
    most_of_a_type,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from target_contentsquare.mapping.stream_mapping import MappedField, StreamMapping


@dataclass(slots=True)
class _Version:
    """The fields of one integration version, and how many streams they come from."""

    streams: int = 0
    fields: dict[str, Field] = field(default_factory=dict)
    seen: Counter[str] = field(default_factory=Counter)


class Proposal:
    """Collects the fields that the mapped streams fill, by integration version.

    Attributes:
        notes: What the user should know before registering it.
    """

    def __init__(self) -> None:
        self._versions: dict[int, _Version] = {}
        self.notes: list[str] = []

    def add(
        self, stream: str, schema: Mapping[str, Any], mapping: StreamMapping
    ) -> None:
        """Add a stream's fields, with the types that its JSON schema gives them.

        Raises:
            ConfigError: The mapping does not fit the schema.
        """
        mapper = compile_mapping(
            stream, schema, replace(mapping, integration_schema=None)
        )
        self.notes.extend(mapper.warnings)
        version = self._versions.setdefault(mapping.integration_version, _Version())
        version.streams += 1
        for one in mapper.fields:
            proposed = self._propose(one, schema)
            known = version.fields.get(one.name)
            version.fields[one.name] = (
                self._merge(known, proposed, stream) if known else proposed
            )
            version.seen[one.name] += 1

    def documents(self) -> dict[int, dict[str, Any]]:
        """Give the document to register for each integration version.

        Raises:
            ConfigError: More fields of a type than a schema may have.
        """
        return {
            number: {"fields": [_as_json(one, version) for one in self._fit(version)]}
            for number, version in sorted(self._versions.items())
        }

    def to_json(self) -> str:
        """Give the documents as text: the one there is, or all by version."""
        documents = self.documents()
        only = next(iter(documents.values())) if len(documents) == 1 else documents
        return json.dumps(only, indent=2, ensure_ascii=False)

    def _propose(self, one: MappedField, schema: Mapping[str, Any]) -> Field:
        described = schema["properties"][one.property]
        described = described if isinstance(described, dict) else {}
        if one.type is None:
            self.notes.append(
                f"field '{one.name}': property '{one.property}' states no type; STRING "
                "takes every scalar"
            )
        if len(one.name.encode()) > SAFE_NAME_BYTES:
            self.notes.append(
                f"field '{one.name}': over {SAFE_NAME_BYTES} bytes; Contentsquare's "
                "documentation allows 50 in one place and 30 in another"
            )
        required = one.property in (schema.get("required") or ())
        return Field(
            name=one.name,
            type=one.type or FieldType.STRING,
            optional=not required or _may_be_null(described),
            label=described.get("title") or one.name.replace("_", " ").capitalize(),
            description=described.get("description") or "",
        )

    def _merge(self, known: Field, other: Field, stream: str) -> Field:
        """One field that the values of both streams fit."""
        if known.type is not other.type:
            self.notes.append(
                f"field '{known.name}': {other.type.value} in stream '{stream}', but "
                f"{known.type.value} in another; STRING takes both"
            )
            known = replace(known, type=FieldType.STRING)
        return replace(
            known,
            optional=known.optional or other.optional,
            description=known.description or other.description,
        )

    def _fit(self, version: _Version) -> list[Field]:
        fields = list(version.fields.values())
        if too_many := most_of_a_type(one.type for one in fields):
            raise ConfigError(
                f"{too_many}: name those to send in the 'fields' of each stream, or "
                "give streams integration versions of their own"
            )
        return fields


def _as_json(one: Field, version: _Version) -> dict[str, Any]:
    return {
        "name": one.name,
        "type": one.type.value,
        # A stream without the field sends rows without it.
        "optional": one.optional or version.seen[one.name] < version.streams,
        "label": one.label,
        "description": one.description,
    }


def _may_be_null(described: Mapping[str, Any]) -> bool:
    parts = [described, *described.get("anyOf", ()), *described.get("oneOf", ())]
    return not described.get("type") or any(
        "null" in (part.get("type") or ()) for part in parts if isinstance(part, dict)
    )
