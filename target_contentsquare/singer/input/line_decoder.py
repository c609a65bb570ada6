"""RECORD lines decoded no deeper than the mapping needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import msgspec
from msgspec.structs import astuple

if TYPE_CHECKING:
    from target_contentsquare.mapping.compile import MappedColumn

#: Returns the values of a line's row; raises an error of msgspec.
Decoder: TypeAlias = Callable[[bytes], tuple[Any, ...]]

_MOMENT = datetime | None
# msgspec rounds a moment's decimals beyond microseconds, and the grammar of times cuts
# them off. Both give the same whole second, unless the six before are all nines.
_ROUNDED_UP = b".999999"
# JSON may write any of these characters as an escape: \u002e is a point, \u0039 a 9.
_ESCAPED_DIGITS = (b"\\u002", b"\\u003")
# A number: to look for bytes with `in` takes five times as long.
_BACKSLASH = ord("\\")


def typed_decoder(columns: Sequence[MappedColumn]) -> Decoder:
    """Return a decoder that checks the columns' types and skips all other columns.

    It raises an error of msgspec for a row that is not of these types, or that lacks a
    key or what the typed path has no null for.
    """
    line = msgspec.defstruct("Line", [("record", _typed_row(columns))], gc=False)
    decode: Callable[[bytes], Any] = msgspec.json.Decoder(line).decode
    check = _moments_check(columns)

    def values_of(text: bytes) -> tuple[Any, ...]:
        check(text)
        return astuple(decode(text).record)

    return values_of


def piece_decoder(
    columns: Sequence[MappedColumn], stream: str
) -> Callable[[bytes], tuple[int, Iterator[tuple[Any, ...]]]]:
    """Return a decoder of many lines at once, which takes two thirds of the time.

    It returns how many rows there are and the values of each, and raises an error of
    msgspec unless all lines are RECORD messages of the stream that `typed_decoder`
    takes. Empty lines are passed over, and it does not see where lines end.

    Args:
        stream: Its name, which UTF-8 has to have.
    """
    fields: list[Any] = [
        ("record", _typed_row(columns)),
        ("type", Literal["RECORD"]),
        ("stream", Literal[stream]),
    ]
    line = msgspec.defstruct("Line", fields, gc=False)
    decode: Callable[[bytes], list[Any]] = msgspec.json.Decoder(line).decode_lines
    check = _moments_check(columns)

    def rows_of(text: bytes) -> tuple[int, Iterator[tuple[Any, ...]]]:
        check(text)
        lines = decode(text)
        return len(lines), (astuple(line.record) for line in lines)

    return rows_of


def untyped_decoder(columns: Sequence[MappedColumn]) -> Decoder:
    """Return a decoder that takes values as they are and skips all other columns.

    It raises an error of msgspec for a row that lacks a key.
    """
    # A key that is not mapped only has to be there.
    row = _row_struct(
        columns,
        [
            (msgspec.Raw if column.typed is msgspec.Raw else Any, column.is_key)
            for column in columns
        ],
    )
    line = msgspec.defstruct("Line", [("record", row)], gc=False)
    decode: Callable[[bytes], Any] = msgspec.json.Decoder(line).decode

    def values_of(text: bytes) -> tuple[Any, ...]:
        return astuple(decode(text).record)

    return values_of


def _typed_row(columns: Sequence[MappedColumn]) -> type[msgspec.Struct]:
    types = [(column.typed, column.is_key or column.never_null) for column in columns]
    return _row_struct(columns, types)


def _row_struct(
    columns: Sequence[MappedColumn], types: Sequence[tuple[Any, bool]]
) -> type[msgspec.Struct]:
    fields: list[Any] = [
        (f"f{index}", type_) if required else (f"f{index}", type_, None)
        for index, (type_, required) in enumerate(types)
    ]
    return msgspec.defstruct(
        "Row",
        fields,
        rename={f"f{index}": column.name for index, column in enumerate(columns)},
        kw_only=True,
        gc=False,
    )


def _moments_check(columns: Sequence[MappedColumn]) -> Callable[[bytes], None]:
    """Return a function that raises an error for moments that may be rounded up."""

    def check(text: bytes) -> None:
        # Of all ways to look for bytes, `rpartition` takes the least time.
        if text.rpartition(_ROUNDED_UP)[1] or (
            _BACKSLASH in text and _has_escaped_digits(text)
        ):
            raise msgspec.ValidationError("a moment may have been rounded up")

    has_moments = any(column.typed == _MOMENT for column in columns)
    return check if has_moments else lambda _: None


def _has_escaped_digits(text: bytes) -> bool:
    return any(digit in text for digit in _ESCAPED_DIGITS)
