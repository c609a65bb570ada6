"""A rejected row's RECORD line, with the note that says why it was rejected."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec

from target_contentsquare.singer.json_lines import decode_leniently

if TYPE_CHECKING:
    from collections.abc import Mapping


def with_note(line: bytes, note: Mapping[str, Any]) -> bytes:
    """Return a RECORD line with the key `rejected` added, or replaced.

    The rest stays as it arrived, but for bytes that are not UTF-8: each stands as
    U+FFFD, so that every JSON reader takes the line.
    """
    line = line.decode(errors="replace").encode()
    try:
        message = msgspec.json.decode(line, type=dict[str, msgspec.Raw])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return _with_note_leniently(line, note)
    message["rejected"] = msgspec.Raw(msgspec.json.encode(note))
    return msgspec.json.encode(message)


def _with_note_leniently(line: bytes, note: Mapping[str, Any]) -> bytes:
    """What only Python's reader takes, such as NaN, only its writer gives back."""
    message = decode_leniently(line)
    if isinstance(message, dict):
        return json.dumps({**message, "rejected": note}).encode()
    # Nested too deep for any reader here. Of two keys the last one counts.
    return line.rstrip().removesuffix(b"}") + b',"rejected":%b}' % (
        msgspec.json.encode(note)
    )


def encode_schema(message: Mapping[str, Any]) -> bytes:
    """Return a SCHEMA message as a line, without its newline."""
    try:
        return msgspec.json.encode(message)
    except UnicodeEncodeError:  # half a surrogate pair: only Python writes it
        return json.dumps(message).encode()
