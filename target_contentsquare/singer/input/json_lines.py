"""Lines of JSON as taps write them, which is not always JSON as it should be."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec

from target_contentsquare.errors import InputError
from target_contentsquare.singer.input.levels import MOST_LEVELS, without_deep_values

if TYPE_CHECKING:
    from collections.abc import Iterable

    from target_contentsquare.delivery.origin import Source

#: What msgspec raises for JSON that is not as it should be.
DECODE_ERRORS = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
# Longer integers are beyond every field's range, and Python refuses to read them.
_MAX_INTEGER_DIGITS = 4300


def decode_leniently(text: bytes | str) -> Any:
    """Return what Python's own reader makes of JSON; it takes `NaN` and the like.

    Returns:
        None if it is not JSON.
    """
    try:
        if isinstance(text, bytes):
            text = text.removeprefix(_BYTE_ORDER_MARK)
        return json.loads(text, parse_int=_parse_int)
    except (ValueError, RecursionError):
        return None


def is_json(text: bytes) -> bool:
    """Return whether a text is one JSON value, and nothing else."""
    try:
        msgspec.json.decode(text, type=msgspec.Raw)
    except DECODE_ERRORS:
        return decode_with_stand_ins(text) is not None
    return True


def decode_with_stand_ins(text: bytes) -> Any:
    """Return what a text means, with stand-ins for what no reader takes.

    A byte that is not UTF-8 becomes a surrogate from U+DC80 on, as Python's error
    handler `surrogateescape` has it; a value of over 100 levels, in a record, becomes
    the text U+DCFF. `unreadable` finds both.

    Returns:
        None if it is not JSON.
    """
    shallow = without_deep_values(text).decode(errors="surrogateescape")
    return decode_leniently(shallow)


def unreadable(values: Iterable[object]) -> str | None:
    """Return why values of `decode_with_stand_ins` can't be read; None if they can."""
    texts = (value for value in values if isinstance(value, str))
    if any("\udc80" <= character <= "\udcff" for text in texts for character in text):
        return (
            "a mapped property is not valid UTF-8, or is nested in over "
            f"{MOST_LEVELS} levels; U+FFFD stands for bytes that are not UTF-8"
        )
    return None


def decode_record(line: bytes, source: Source) -> dict[str, Any]:
    """Return the whole of a source's current row.

    Args:
        line: Its RECORD message.

    Returns:
        It may hold stand-ins: see `decode_with_stand_ins`.

    Raises:
        InputError: The record is missing or not an object.
    """
    message = decode_leniently(line)
    if message is None:
        message = decode_with_stand_ins(line)
    record = message.get("record") if isinstance(message, dict) else None
    if not isinstance(record, dict):
        where = source.where(source.rows)
        msg = f"{where}: its record is missing or not a JSON object: check the tap"
        raise InputError(msg)
    return record


def _parse_int(digits: str) -> int | float:
    return int(digits) if len(digits) <= _MAX_INTEGER_DIGITS else float(digits)
