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
    SchemaField,
    too_many_of_a_type,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from target_contentsquare.mapping.columns import Column
    from target_contentsquare.mapping.stream_mapping import MappedField, StreamMapping


@dataclass(slots=True)
class _Version:
    """The fields of one integration version.

    Attributes:
        streams: How many streams have it.
        streams_with: How many of them have a field, by its name.
    """

    streams: int = 0
    fields: dict[str, SchemaField] = field(default_factory=dict)
    streams_with: Counter[str] = field(default_factory=Counter)


class Proposal:
    """Collects the fields that the mapped streams fill, by integration version.

    Attributes:
        notes: What the user should know before registering it.
    """

    def __init__(self) -> None:
        self._versions: dict[int, _Version] = {}
        self.notes: list[str] = []

    def add(
        self, stream: str, columns: Sequence[Column], mapping: StreamMapping
    ) -> None:
        """Add a stream's fields, with the types of its columns.

        Raises:
            ConfigError: The mapping does not fit the columns.
        """
        mapper = compile_mapping(
            stream, columns, replace(mapping, integration_schema=None)
        )
        self.notes.extend(mapper.warnings)
        by_name = {column.name: column for column in columns}
        version = self._versions.setdefault(mapping.integration_version, _Version())
        version.streams += 1
        for mapped in mapper.fields:
            proposed = self._propose(mapped, by_name[mapped.column])
            known = version.fields.get(mapped.name)
            version.fields[mapped.name] = (
                self._merge(known, proposed, stream) if known else proposed
            )
            version.streams_with[mapped.name] += 1

    def documents(self) -> dict[int, dict[str, Any]]:
        """Return the document to register for each integration version.

        Raises:
            ConfigError: There are more fields of a type than a schema may have.
        """
        return {
            number: _document(version)
            for number, version in sorted(self._versions.items())
        }

    def to_json(self) -> str:
        """Return the documents as text: the only one there is, or all by version."""
        documents = self.documents()
        only = next(iter(documents.values())) if len(documents) == 1 else documents
        return json.dumps(only, indent=2, ensure_ascii=False)

    def _propose(self, mapped: MappedField, column: Column) -> SchemaField:
        name = mapped.name
        if mapped.type is None:
            self.notes.append(
                f"field '{name}': property '{column.name}' states no type; STRING "
                "takes every scalar"
            )
        if len(name.encode()) > SAFE_NAME_BYTES:
            self.notes.append(
                f"field '{name}': over {SAFE_NAME_BYTES} bytes; Contentsquare's "
                "documentation allows 50 in one place and 30 in another"
            )
        return SchemaField(
            name=name,
            type=mapped.type or FieldType.STRING,
            optional=column.nullable,
            label=column.title or name.replace("_", " ").capitalize(),
            description=column.description,
        )

    def _merge(
        self, known: SchemaField, other: SchemaField, stream: str
    ) -> SchemaField:
        """Return a field that the values of both streams fit."""
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


def _document(version: _Version) -> dict[str, Any]:
    """Return the JSON document of a version; raise an error if it can't be one."""
    fields = list(version.fields.values())
    if problem := too_many_of_a_type(proposed.type for proposed in fields):
        raise ConfigError(
            f"{problem}: name those to send in the 'fields' of each stream, or give "
            "streams integration versions of their own"
        )
    return {"fields": [_as_json(proposed, version) for proposed in fields]}


def _as_json(proposed: SchemaField, version: _Version) -> dict[str, Any]:
    is_in_all = version.streams_with[proposed.name] == version.streams
    return {
        "name": proposed.name,
        "type": proposed.type.value,
        # A stream without the field sends rows without it.
        "optional": proposed.optional or not is_in_all,
        "label": proposed.label,
        "description": proposed.description,
    }
