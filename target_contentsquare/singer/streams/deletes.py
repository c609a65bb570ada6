"""Rows that say that their source row was deleted: dropped.

Contentsquare deletes nothing, and a delete event still has values, so it would be
written as an update. Taps that read a database's log say it in this column.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from target_contentsquare.singer.input.json_lines import (
    DECODE_ERRORS,
    decode_leniently,
    decode_record,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from target_contentsquare.singer.input.tap_stream import TapStream
    from target_contentsquare.stream import Stream

#: Why the row is dropped: expected, so no error.
DELETED = "deleted"
_COLUMN = "_sdc_deleted_at"


def has_deletes(properties: Mapping[str, Any]) -> bool:
    """Return whether a stream with these properties says which rows were deleted."""
    return _COLUMN in properties


def is_deleted(record: Mapping[str, Any]) -> bool:
    """Return whether a row says that it was deleted. Blank text says nothing."""
    return _is_set(record.get(_COLUMN))


def dropping_deleted(
    take: Callable[[bytes], None], stream: Stream, source: TapStream
) -> Callable[[bytes], None]:
    """Return what drops the deleted rows of a stream and hands on the others.

    Args:
        take: Takes a row's line, and counts it as read from the source.
    """

    def take_row(line: bytes) -> None:
        if _is_set(_deleted_at(line)):
            source.rows += 1
            source.demand_keys(decode_record(line, source))
            stream.drop(DELETED)
        else:
            take(line)

    return take_row


def unless_deleted(take_piece: Callable[[bytes], int]) -> Callable[[bytes], int]:
    """Return what takes a piece of the input that has no deleted row.

    Args:
        take_piece: See `LineSink.take_piece`.
    """

    def take(text: bytes) -> int:
        try:
            lines = _decode_piece(text)
        except DECODE_ERRORS:
            return 0
        if any(_is_set(line.record.deleted_at) for line in lines):
            return 0
        return take_piece(text)

    return take


class _Row(msgspec.Struct, gc=False, rename={"deleted_at": _COLUMN}):
    deleted_at: Any = None


class _Line(msgspec.Struct, gc=False):
    record: _Row


_decode = msgspec.json.Decoder(_Line).decode
_decode_piece = msgspec.json.Decoder(_Line).decode_lines


def _deleted_at(line: bytes) -> Any:
    try:
        return _decode(line).record.deleted_at
    except DECODE_ERRORS:
        message = decode_leniently(line)
        record = message.get("record") if isinstance(message, dict) else None
        return record.get(_COLUMN) if isinstance(record, dict) else None


def _is_set(value: Any) -> bool:
    return value is not None and not (isinstance(value, str) and not value.strip())
