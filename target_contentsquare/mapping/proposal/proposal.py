"""The integration schema for each version, from the streams that have it."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from target_contentsquare.errors import ConfigError
from target_contentsquare.mapping.compile import fit_mapping
from target_contentsquare.mapping.fields import FieldType
from target_contentsquare.mapping.integration_schema import too_many_of_a_type
from target_contentsquare.mapping.proposal.leave_out import what_to_leave_out
from target_contentsquare.mapping.proposal.proposed_stream import (
    ProposedField,
    ProposedStream,
)
from target_contentsquare.mapping.wording import quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from target_contentsquare.mapping.columns import Column
    from target_contentsquare.mapping.integration_schema import SchemaField
    from target_contentsquare.mapping.stream_mapping import StreamMapping


@dataclass(slots=True)
class _Version:
    """The fields of one integration version.

    Attributes:
        streams: How many streams have it.
        fields: By name; what two streams share is there once.
        streams_with: How many of the streams have a field, by its name.
    """

    streams: int = 0
    fields: dict[str, ProposedField] = field(default_factory=dict)
    streams_with: Counter[str] = field(default_factory=Counter)


class Proposal:
    """Collects the fields that the mapped streams fill, by integration version."""

    def __init__(self) -> None:
        self._streams: dict[tuple[str, tuple[Column, ...]], ProposedStream] = {}
        self._versions: dict[int, list[ProposedStream]] = {}
        self._warnings: list[str] = []

    def stream(
        self, name: str, columns: Sequence[Column], mapping: StreamMapping
    ) -> ProposedStream:
        """Return what looks at a stream's rows; the same for a SCHEMA that is repeated.

        Raises:
            ConfigError: The mapping does not fit the columns.
        """
        key = name, tuple(columns)
        if key not in self._streams:
            fitted = fit_mapping(
                name, columns, replace(mapping, integration_schema=None)
            )
            self._warnings.extend(fitted.warnings)
            stream = ProposedStream(name, columns, fitted.fields)
            self._streams[key] = stream
            version = mapping.integration_version
            self._versions.setdefault(version, []).append(stream)
        return self._streams[key]

    @property
    def rows(self) -> int:
        """How many rows the types were read from."""
        return sum(stream.rows for stream in self._streams.values())

    def notes(self) -> list[str]:
        """Return what the user should know before registering the proposal."""
        notes = [*self._warnings]
        for stream in self._streams.values():
            notes.extend(stream.notes())
        for streams in self._versions.values():
            version = _merged(streams, notes)
            notes.extend(_note_on_required(version))
        return list(dict.fromkeys(notes))

    def documents(self) -> dict[int, dict[str, Any]]:
        """Return the document to register for each integration version.

        Raises:
            ConfigError: There are more fields of a type than a schema may have.
        """
        return {
            number: _document(_merged(streams, []))
            for number, streams in sorted(self._versions.items())
        }

    def to_json(self) -> str:
        """Return the documents as text: the only one there is, or all by version."""
        documents = self.documents()
        only = next(iter(documents.values())) if len(documents) == 1 else documents
        return json.dumps(only, indent=2, ensure_ascii=False)


def _merged(streams: Iterable[ProposedStream], notes: list[str]) -> _Version:
    """Return what the streams have together, and add to the notes where they differ."""
    version = _Version()
    for stream in streams:
        version.streams += 1
        for proposed in stream.fields():
            name = proposed.field.name
            known = version.fields.get(name)
            version.fields[name] = _merge(known, proposed, notes) if known else proposed
            version.streams_with[name] += 1
    return version


def _merge(
    known: ProposedField, other: ProposedField, notes: list[str]
) -> ProposedField:
    """Return a field that the values of both streams fit."""
    types = {known.field.type, other.field.type}
    together = known.field.type if len(types) == 1 else FieldType.STRING
    if types == {FieldType.INT, FieldType.FLOAT}:
        together = FieldType.FLOAT
    elif len(types) > 1:
        notes.append(
            f"field '{known.field.name}': {other.field.type.value} in one stream, but "
            f"{known.field.type.value} in another; STRING takes both"
        )
    merged = replace(
        known.field,
        type=together,
        optional=known.field.optional or other.field.optional,
        description=known.field.description or other.field.description,
    )
    return ProposedField(merged, known.values)


def _note_on_required(version: _Version) -> list[str]:
    """Return that rows decide what is required, where rows were read."""
    names = [
        proposed.field.name
        for proposed in version.fields.values()
        if proposed.values.rows and not _is_optional(proposed.field, version)
    ]
    if not names:
        return []
    note = (
        f"no row read is without {quoted(names)}, so they are not optional: a later "
        "row without one is rejected; make them optional if there may be any"
    )
    return [note]


def _document(version: _Version) -> dict[str, Any]:
    """Return the JSON document of a version; raise an error if it can't be one."""
    proposed = list(version.fields.values())
    if problem := too_many_of_a_type(each.field.type for each in proposed):
        raise ConfigError(
            f"{problem}: name those to send in the 'fields' of each stream, or give "
            "streams integration versions of their own"
            + "".join(f"; {advice}" for advice in what_to_leave_out(proposed))
        )
    return {"fields": [_as_json(each.field, version) for each in proposed]}


def _is_optional(proposed: SchemaField, version: _Version) -> bool:
    # A stream without the field sends rows without it.
    is_in_all = version.streams_with[proposed.name] == version.streams
    return proposed.optional or not is_in_all


def _as_json(proposed: SchemaField, version: _Version) -> dict[str, Any]:
    return {
        "name": proposed.name,
        "type": proposed.type.value,
        "optional": _is_optional(proposed, version),
        "label": proposed.label,
        "description": proposed.description,
    }
