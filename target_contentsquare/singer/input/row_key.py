"""The values of a row's key properties, as the row arrived."""

from __future__ import annotations

import functools
import itertools
import json
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import astuple

from target_contentsquare.mapping.integration_schema import is_plain_name
from target_contentsquare.singer.input.json_lines import DECODE_ERRORS, decode_leniently

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


def key_values(line: bytes, keys: tuple[str, ...]) -> bytes:
    """Return the values of a RECORD line's keys as JSON; empty where there are none.

    The same values written differently, such as 1 and 1.0, are not the same here.
    """
    if not keys:
        return b""
    try:
        return b",".join(_decoder(keys)(line))
    except DECODE_ERRORS:
        return _key_values_leniently(line, keys)


@functools.lru_cache
def _decoder(keys: tuple[str, ...]) -> Callable[[bytes], Iterable[msgspec.Raw]]:
    """Return what finds the values of keys in a line; all others are passed over."""
    if not all(map(is_plain_name, keys)) or len(set(keys)) < len(keys):
        decode_all = msgspec.json.Decoder(_Line).decode
        return lambda line: map(decode_all(line).record.get, keys, _NO_VALUES)
    record = msgspec.defstruct(
        "Record",
        [(f"f{index}", msgspec.Raw, _NO_VALUE) for index, _ in enumerate(keys)],
        rename={f"f{index}": key for index, key in enumerate(keys)},
        gc=False,
    )
    line_type = msgspec.defstruct("Line", [("record", record)], gc=False)
    decode = msgspec.json.Decoder(line_type).decode
    return lambda line: astuple(decode(line).record)  # type: ignore[attr-defined]


class _Line(msgspec.Struct, gc=False):
    """A line of a stream whose keys can't all be fields of a struct."""

    record: dict[str, msgspec.Raw]


_NO_VALUE = msgspec.Raw()
_NO_VALUES = itertools.repeat(_NO_VALUE)


def _key_values_leniently(line: bytes, keys: tuple[str, ...]) -> bytes:
    message = decode_leniently(line)
    record = message.get("record") if isinstance(message, dict) else None
    values = [record.get(key) for key in keys] if isinstance(record, dict) else []
    return json.dumps(values).encode()
