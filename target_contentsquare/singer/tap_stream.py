"""A stream as the tap writes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from singer_sdk.exceptions import MissingKeyPropertiesError

from target_contentsquare.delivery.origin import Source
from target_contentsquare.singer.json_lines import DECODE_ERRORS, decode_record

if TYPE_CHECKING:
    from collections.abc import Mapping


class _Line(msgspec.Struct):
    """A RECORD line, its values still JSON."""

    record: dict[str, msgspec.Raw]


_decode_line = msgspec.json.Decoder(_Line).decode


class TapStream(Source, kw_only=True):
    """A stream under one of its schemas.

    Attributes:
        schema: The SCHEMA message.
        rows: RECORD messages so far, over all schemas of the stream.
    """

    schema: Mapping[str, Any]

    @property
    def keys(self) -> tuple[str, ...]:
        """The key properties: what every row has to have."""
        return tuple(self.schema.get("key_properties") or ())

    @property
    def properties(self) -> Mapping[str, Any]:
        """What the JSON schema says of each property."""
        properties: Mapping[str, Any] = self.schema["schema"]["properties"]
        return properties

    def key_of(self, raw: bytes) -> tuple[Any, ...] | None:
        """Return a row's key properties; None if the stream has none.

        Args:
            raw: The RECORD line of a row that could be read.
        """
        if not self.keys:
            return None
        try:
            record = _decode_line(raw).record
            return tuple(msgspec.json.decode(record[name]) for name in self.keys)
        except (*DECODE_ERRORS, KeyError):
            record = decode_record(raw, self)
            return tuple(record.get(name) for name in self.keys)

    def demand_keys(self, record: Mapping[str, Any]) -> None:
        """Check that the current row, as it arrived, has every key property.

        Raises:
            MissingKeyPropertiesError: It lacks one: the tap is broken.
        """
        missing = [name for name in self.keys if name not in record]
        if missing:
            row = self.where(self.rows)
            msg = f"{row}: has no key property {', '.join(missing)}: correct the tap"
            raise MissingKeyPropertiesError(msg)
