"""The input of the benchmarks: seeded rows, written as an SDK tap writes them."""

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
        {"name": name, "type": kind, "optional": True, "label": name}
        for name, (kind, _) in MAPPED.items()
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
    """What an input looks like; the same shape and day give the same bytes.

    Attributes:
        rows: How many; no two are for the same session, so nothing is merged.
        properties: In each row: 8, of which 5 are mapped; nobody asked for the rest.
    """

    rows: int
    seed: int
    properties: int = 8


def write_input(path: Path, shape: Shape, today: datetime) -> None:
    """Write the Singer messages of a shape.

    Args:
        today: Sessions start in the three days before this midnight: Contentsquare
            throws away those of more than a week ago.
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
    """The inside of each row's JSON object: put together by hand, to be quick."""
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
    """One kind of value for each of `_EXTRA_SCHEMAS`."""
    return [
        lambda: f'"{draw.getrandbits(64):016x}"',
        lambda: str(draw.getrandbits(31)),
        lambda: repr(round(draw.random() * 1000, 2)),
        lambda: "true" if draw.getrandbits(1) else "null",
        lambda: f'"{_before(draw, today)}"',
    ]


def _before(draw: random.Random, today: datetime) -> str:
    """A second of the three days before `today`."""
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
