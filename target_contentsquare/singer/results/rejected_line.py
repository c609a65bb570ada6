"""A rejected row's RECORD line, with the note that says why it was rejected."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from target_contentsquare.delivery.memory.identity import run_number
from target_contentsquare.delivery.memory.superseded import EarlierRejection
from target_contentsquare.singer.input.json_lines import DECODE_ERRORS, decode_leniently

if TYPE_CHECKING:
    from collections.abc import Mapping


class _Noted(msgspec.Struct, gc=False):
    rejected: dict[str, Any] | None = None


_decode_noted = msgspec.json.Decoder(_Noted).decode


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
    note = {**note, **_carried_over(line)}
    message["rejected"] = msgspec.Raw(msgspec.json.encode(note))
    return msgspec.json.encode(message)


def without_note(line: bytes) -> bytes:
    """Return what a RECORD line says besides its note: the same for all its copies."""
    try:
        message = msgspec.json.decode(line, type=dict[str, msgspec.Raw])
    except DECODE_ERRORS:
        return _without_note_leniently(line)
    message.pop("rejected", None)
    return msgspec.json.encode(message)


def _without_note_leniently(line: bytes) -> bytes:
    message = decode_leniently(line)
    if not isinstance(message, dict):
        return line
    message.pop("rejected", None)
    return json.dumps(message).encode()


def earlier_rejection(line: bytes) -> EarlierRejection | None:
    """Return when the row of a RECORD line was first rejected; None if it was not."""
    note = _note_of(line)
    if note is None:
        return None
    run, row = _time(note.get("run")), note.get("row")
    at = _time(note.get("since")) or _time(note.get("at"))
    return EarlierRejection(
        at=0 if at is None else int(at.timestamp()),
        run=run_number(run) if run and isinstance(row, int) else None,
        row=row if isinstance(row, int) else 0,
    )


def _carried_over(line: bytes) -> dict[str, Any]:
    """Return what a new note says of the rejections before."""
    note = _note_of(line)
    if note is None:
        return {}
    attempts = note.get("attempts")
    first = {"since": note.get("since", note.get("at"))}
    first |= {key: note.get(key) for key in ("run", "row")}
    return {
        "attempts": (attempts if isinstance(attempts, int) else 1) + 1,
        # Null where an older version wrote none.
        **first,
    }


def _note_of(line: bytes) -> dict[str, Any] | None:
    try:
        return _decode_noted(line).rejected
    except DECODE_ERRORS:
        message = decode_leniently(line)
        note = message.get("rejected") if isinstance(message, dict) else None
        return note if isinstance(note, dict) else None


def _time(text: object) -> datetime | None:
    """Return a time that this program has written; None if it is none."""
    try:
        return datetime.fromisoformat(str(text).replace("Z", "+00:00"))
    except ValueError:
        return None


def _with_note_leniently(line: bytes, note: Mapping[str, Any]) -> bytes:
    """What only Python's reader takes, such as NaN, only its writer gives back."""
    message = decode_leniently(line)
    if isinstance(message, dict):
        return json.dumps(
            {**message, "rejected": {**note, **_carried_over(line)}}
        ).encode()
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
