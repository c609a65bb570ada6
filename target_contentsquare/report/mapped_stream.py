"""How a stream's rows became enrichments, as a table."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from target_contentsquare.mapping.compile import RowMapper
    from target_contentsquare.mapping.stream_mapping import StreamMapping

_SESSION = ("user_id", "session_number")
_MORE = ("session_started_at", "enrichment_number", "project_id")


@dataclass(frozen=True, slots=True)
class MappedProperty:
    """One line of the table.

    Attributes:
        property: Of the stream's rows; None for what the settings say themselves.
        field: The enrichment field, or the mapping key for what is no field.
        type: The field's type; empty where it is no field, or goes by the value.
        value: What the settings say themselves, such as a project.
        required: A row without it is rejected.
    """

    property: str | None
    field: str
    type: str = ""
    value: Any = None
    required: bool = False


@dataclass(frozen=True, slots=True)
class MappedStream:
    """The mapping of one stream.

    Attributes:
        setting: Such as `streams.calls`.
        version: Of the integration schema.
    """

    stream: str
    setting: str
    version: int
    session: tuple[MappedProperty, ...]
    fields: tuple[MappedProperty, ...]

    @classmethod
    def of(cls, stream: str, mapper: RowMapper) -> MappedStream:
        """Return the mapping of a stream in the form of a table."""
        return cls(
            stream=stream,
            setting=mapper.mapping.setting,
            version=mapper.mapping.integration_version,
            session=tuple(_session(mapper.mapping)),
            fields=tuple(
                MappedProperty(
                    field.column,
                    field.name,
                    field.type.value if field.type else "",
                    required=not field.optional,
                )
                for field in mapper.fields
            ),
        )

    def as_dict(self) -> dict[str, Any]:
        """Return the same as JSON objects."""
        return asdict(self)


def _session(mapping: StreamMapping) -> Iterator[MappedProperty]:
    keys = _SESSION if mapping.session_key is None else ("session_key",)
    for key in (*keys, *_MORE):
        value = getattr(mapping, key)
        if isinstance(value, str):
            yield MappedProperty(value, key)
        elif value is not None:
            yield MappedProperty(None, key, value=value)
