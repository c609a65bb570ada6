"""Lines of JSON as taps write them, which is not always JSON as it should be."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec

from target_contentsquare.errors import InputError

if TYPE_CHECKING:
    from target_contentsquare.delivery.origin import Source

#: What msgspec raises for JSON that is not as it should be.
DECODE_ERRORS = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
# Longer integers are beyond every field's range, and Python refuses to read them.
_MAX_INTEGER_DIGITS = 4300


def decode_leniently(text: bytes) -> Any:
    """Return what Python's own reader makes of JSON; it takes `NaN` and the like.

    Returns:
        None if it is not JSON.
    """
    try:
        return json.loads(text.removeprefix(_BYTE_ORDER_MARK), parse_int=_parse_int)
    except (ValueError, RecursionError):
        return None


def is_json(text: bytes) -> bool:
    """Return whether a text is one JSON value, and nothing else."""
    try:
        msgspec.json.decode(text, type=msgspec.Raw)
    except DECODE_ERRORS:
        return decode_leniently(text) is not None
    return True


def decode_record(line: bytes, source: Source) -> dict[str, Any]:
    """Return the whole of a source's current row.

    Args:
        line: Its RECORD message.

    Raises:
        InputError: The record is missing or not an object.
    """
    message = decode_leniently(line)
    record = message.get("record") if isinstance(message, dict) else None
    if not isinstance(record, dict):
        where = source.where(source.rows)
        msg = f"{where}: its record is missing or not a JSON object: check the tap"
        raise InputError(msg)
    return record


def _parse_int(digits: str) -> int | float:
    return int(digits) if len(digits) <= _MAX_INTEGER_DIGITS else float(digits)
