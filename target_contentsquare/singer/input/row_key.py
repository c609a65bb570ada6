"""The values of a row's key properties, as the row arrived."""

from __future__ import annotations

import json

import msgspec

from target_contentsquare.singer.input.json_lines import DECODE_ERRORS, decode_leniently


def key_values(line: bytes, keys: tuple[str, ...]) -> bytes:
    """Return the values of a RECORD line's keys as JSON; empty where there are none.

    The same values written differently, such as 1 and 1.0, are not the same here.
    """
    if not keys:
        return b""
    try:
        record = _decode(line).record
    except DECODE_ERRORS:
        return _key_values_leniently(line, keys)
    return b",".join(bytes(record.get(key, b"")) for key in keys)


class _Line(msgspec.Struct, gc=False):
    record: dict[str, msgspec.Raw]


_decode = msgspec.json.Decoder(_Line).decode


def _key_values_leniently(line: bytes, keys: tuple[str, ...]) -> bytes:
    message = decode_leniently(line)
    record = message.get("record") if isinstance(message, dict) else None
    values = [record.get(key) for key in keys] if isinstance(record, dict) else []
    return json.dumps(values).encode()
