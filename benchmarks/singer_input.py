"""The input of the benchmarks: seeded rows, in the form that an SDK tap writes."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

STREAM = "calls"
#: An SDK tap writes its state after this many rows.
STATE_EVERY = 10_000
#: In an input that is read again, one row of so many has changed.
CHANGED_EVERY = 100

_STRING = {"type": ["null", "string"]}
_INTEGER = {"type": ["null", "integer"]}
_NUMBER = {"type": ["null", "number"]}
_BOOLEAN = {"type": ["null", "boolean"]}
_DATETIME = {"type": ["null", "string"], "format": "date-time"}

#: The enrichment fields, one of each of Contentsquare's types, and their JSON schema.
MAPPED: dict[str, tuple[str, dict[str, Any]]] = {
    "call_center_name": ("STRING", _STRING),
    "call_duration": ("INT", _INTEGER),
    "call_client_rating": ("FLOAT", _NUMBER),
    "has_called": ("BOOL", _BOOLEAN),
    "call_date": ("DATETIME", _DATETIME),
}
INTEGRATION_SCHEMA = {
    "fields": [
        {"name": name, "type": field_type, "optional": True, "label": name}
        for name, (field_type, _) in MAPPED.items()
    ]
}
_IDENTITY = {
    "user_id": {"type": "string"},
    "session_number": {"type": "integer"},
    "session_started_at": _DATETIME,
}
_CENTERS = ("RENNES", "LILLE", "PARIS NORD", "SAINT-ÉTIENNE", "BORDEAUX", "LYON 3")
_EXTRA_SCHEMAS = (_STRING, _INTEGER, _NUMBER, _BOOLEAN, _DATETIME)


@dataclass(frozen=True, slots=True)
class Shape:
    """The size of an input; the same shape and day give the same bytes.

    Attributes:
        rows: Number of rows. No two are for the same session, so none is merged.
        properties: Properties of each row. The first 8 are the session and the 5 that
            are mapped; the others are not mapped.
    """

    rows: int
    seed: int
    properties: int = 8


def write_input(path: Path, shape: Shape, today: datetime) -> None:
    """Write the Singer messages of a shape.

    Args:
        today: Sessions start in the three days before this midnight: Contentsquare
            drops rows of sessions that are more than a week old.
    """
    with path.open("w", encoding="utf-8") as file:
        file.write(_line({"type": "SCHEMA", **_schema(shape)}))
        extracted = f'","time_extracted":"{_text(today)}"}}\n'
        for number, record in enumerate(_records(shape, today), start=1):
            file.write(f'{{"type":"RECORD","stream":"{STREAM}","record":{{{record}}},')
            file.write(extracted[2:])
            if number % STATE_EVERY == 0:
                file.write(_state(number))
        if shape.rows:
            file.write(_state(shape.rows))


def write_changed(source: Path, path: Path) -> None:
    """Write an input again, with another value in one row of 100, from the first."""
    field, rows = b'"call_duration":', 0
    with source.open("rb") as lines, path.open("wb") as changed:
        for line in lines:
            is_row = line.startswith(b'{"type":"RECORD"')
            rows += is_row
            is_changed = is_row and rows % CHANGED_EVERY == 1
            changed.write(line.replace(field, field + b"1") if is_changed else line)


def _schema(shape: Shape) -> dict[str, Any]:
    properties = {
        **_IDENTITY,
        **{name: schema for name, (_, schema) in MAPPED.items()},
        **{name: _EXTRA_SCHEMAS[i % 5] for i, name in enumerate(_extra_names(shape))},
    }
    return {
        "stream": STREAM,
        "schema": {"type": "object", "properties": properties},
        "key_properties": ["user_id", "session_number"],
    }


def _extra_names(shape: Shape) -> list[str]:
    known = len(_IDENTITY) + len(MAPPED)
    return [f"crm_column_{number:02}" for number in range(known, shape.properties)]


def _records(shape: Shape, today: datetime) -> Iterator[str]:
    """Yield the members of each row's JSON object as text, which is quick."""
    draw = random.Random(shape.seed)  # noqa: S311 - has to be repeatable, not secret
    centers = [json.dumps(name, ensure_ascii=False) for name in _CENTERS]
    extra = _extra_values(draw, today)
    names = [
        (f',"{name}":', extra[index % 5])
        for index, name in enumerate(_extra_names(shape))
    ]
    for number in range(shape.rows):
        more = "".join([f"{name}{value()}" for name, value in names])
        yield (
            f'"user_id":"{draw.getrandbits(48):012x}-{number:08}"'
            f',"session_number":{draw.randint(1, 60)}'
            f',"session_started_at":"{_before(draw, today)}"'
            f',"call_center_name":{draw.choice(centers)}'
            f',"call_duration":{draw.randint(0, 7200)}'
            f',"call_client_rating":{draw.randint(0, 50) / 10}'
            f',"has_called":{"true" if draw.getrandbits(1) else "false"}'
            f',"call_date":"{_before(draw, today)}"{more}'
        )


def _extra_values(draw: random.Random, today: datetime) -> list[Callable[[], str]]:
    """Return a function that makes values for each of `_EXTRA_SCHEMAS`."""
    return [
        lambda: f'"{draw.getrandbits(64):016x}"',
        lambda: str(draw.getrandbits(31)),
        lambda: repr(round(draw.random() * 1000, 2)),
        lambda: "true" if draw.getrandbits(1) else "null",
        lambda: f'"{_before(draw, today)}"',
    ]


def _before(draw: random.Random, today: datetime) -> str:
    """Return a random second of the three days before `today`, as text."""
    second = draw.randrange(3 * 86_400)
    day = _text(today - timedelta(days=1 + second // 86_400))[:11]
    hour, second = divmod(second % 86_400, 3600)
    return f"{day}{hour:02}:{second // 60:02}:{second % 60:02}Z"


def _text(moment: datetime) -> str:
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def _state(rows: int) -> str:
    bookmark = {"replication_key": "id", "replication_key_value": rows}
    return _line({"type": "STATE", "value": {"bookmarks": {STREAM: bookmark}}})


def _line(message: dict[str, Any]) -> str:
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")) + "\n"
