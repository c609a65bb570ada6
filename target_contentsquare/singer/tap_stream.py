"""A stream as the tap writes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from target_contentsquare.delivery.origin import Source

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class TapStream(Source, kw_only=True):
    """A stream under one of its schemas.

    Attributes:
        schema: The SCHEMA message. The SDK changes the messages that it gets, so this
            is a copy.
        rows: RECORD messages so far, over all schemas of the stream.
    """

    schema: Mapping[str, Any]
    size_of: Callable[[Any], int] = len

    @property
    def keys(self) -> tuple[str, ...]:
        """The key properties: what every row has to have."""
        return tuple(self.schema.get("key_properties") or ())
