"""RECORD lines decoded no deeper than the mapping needs."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import astuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from target_contentsquare.mapping.compile import MappedColumn

_MOMENT = datetime | None
# msgspec rounds a moment's decimals beyond microseconds, and the grammar of times cuts
# them off. Both give the same whole second, unless the six before are all nines.
_ROUNDED_UP = b".999999"
# JSON may write any of these characters as an escape: \u002e is a point, \u0039 a 9.
_ESCAPED_DIGITS = (b"\\u002", b"\\u003")
# A number: to look for bytes with `in` takes five times as long.
_BACKSLASH = ord("\\")


def typed_decoder(
    columns: Sequence[MappedColumn],
) -> Callable[[bytes], tuple[Any, ...]]:
    """Return a decoder that checks the columns' types and skips all other columns.

    It raises an error of msgspec for a row that is not of these types, or that lacks a
    key or what the typed path has no null for.
    """
    types = [(column.typed, column.is_key or column.never_null) for column in columns]
    decode = _line_decoder(types, columns)

    def values_of(text: bytes) -> tuple[Any, ...]:
        return astuple(decode(text).record)

    def values_with_moments(text: bytes) -> tuple[Any, ...]:
        # Of all ways to look for bytes, `rpartition` takes the least time.
        if text.rpartition(_ROUNDED_UP)[1] or (
            _BACKSLASH in text and _has_escaped_digits(text)
        ):
            raise msgspec.ValidationError("a moment may have been rounded up")
        return astuple(decode(text).record)

    has_moments = any(column.typed == _MOMENT for column in columns)
    return values_with_moments if has_moments else values_of


def untyped_decoder(
    columns: Sequence[MappedColumn],
) -> Callable[[bytes], tuple[Any, ...]]:
    """Return a decoder that takes values as they are and skips all other columns.

    It raises an error of msgspec for a row that lacks a key.
    """
    # A key that is not mapped only has to be there.
    decode = _line_decoder(
        [
            (msgspec.Raw if column.typed is msgspec.Raw else Any, column.is_key)
            for column in columns
        ],
        columns,
    )

    def values_of(text: bytes) -> tuple[Any, ...]:
        return astuple(decode(text).record)

    return values_of


def _line_decoder(
    types: Sequence[tuple[Any, bool]], columns: Sequence[MappedColumn]
) -> Callable[[bytes], Any]:
    fields: list[Any] = [
        (f"f{index}", type_) if required else (f"f{index}", type_, None)
        for index, (type_, required) in enumerate(types)
    ]
    row = msgspec.defstruct(
        "Row",
        fields,
        rename={f"f{index}": column.name for index, column in enumerate(columns)},
        kw_only=True,
        gc=False,
    )
    line = msgspec.defstruct("Line", [("record", row)], gc=False)
    return msgspec.json.Decoder(line).decode


def _has_escaped_digits(text: bytes) -> bool:
    return any(digit in text for digit in _ESCAPED_DIGITS)
