"""A stream as the tap writes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from singer_sdk.exceptions import MissingKeyPropertiesError

from target_contentsquare.delivery.origin import Source
from target_contentsquare.singer.input.row_key import key_values
from target_contentsquare.singer.results.rejected_line import earlier_rejection

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from target_contentsquare.delivery.memory.superseded import EarlierRejection


class TapStream(Source, kw_only=True):
    """A stream under one of its schemas.

    Attributes:
        schema: The SCHEMA message.
        rows: RECORD messages so far, over all schemas of the stream.
    """

    schema: Mapping[str, Any]
    size_of: Callable[[Any], int] = len

    @property
    def keys(self) -> tuple[str, ...]:
        """The key properties: what every row has to have."""
        return tuple(self.schema.get("key_properties") or ())

    def key_of(self, raw: bytes) -> bytes:
        """Return the values of a row's key properties, as JSON; see `Source.key_of`."""
        return key_values(raw, self.keys)

    def earlier_rejection(self, raw: bytes) -> EarlierRejection | None:
        """Return what the note of a rejected row says; see `Source`."""
        _ = self
        return earlier_rejection(raw)

    @property
    def properties(self) -> Mapping[str, Any]:
        """What the JSON schema says of each property."""
        properties: Mapping[str, Any] = self.schema["schema"]["properties"]
        return properties

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
