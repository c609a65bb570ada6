"""The enrichments expected after the run, computed from the CSV file alone.

No code of the target is used, so that a defect of it shows as a difference.
"""

from __future__ import annotations

import csv
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, TypeAlias

from demo.make_calls import OTHER_TIME_FORMAT

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

Row: TypeAlias = "Mapping[str, str]"
#: Project, user id, session number, enrichment number.
Key: TypeAlias = tuple[int, str, int, int]
Fields: TypeAlias = dict[str, object]

PROJECT = 162
_MAX_BYTES = 50


def read(path: Path) -> list[dict[str, str]]:
    """Return the rows of the CSV file."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def is_too_old(row: Row, now: datetime) -> bool:
    """Return whether Contentsquare would drop the row without an error."""
    return datetime.fromisoformat(row["visit_started_at"]) < now - timedelta(days=7)


def problem(row: Row) -> str | None:
    """Return the reason why the row can't be delivered; None if it can."""
    if len(row["center"].encode()) > _MAX_BYTES:
        return "string_too_long"
    return "invalid_datetime" if "/" in row["called_at"] else None


def enrichments(rows: Iterable[Row]) -> dict[Key, Fields]:
    """Return the enrichments of rows; the last row of each key counts."""
    return {_key(row): _fields(row) for row in rows}


def _key(row: Row) -> Key:
    return PROJECT, row["cs_user_id"], int(row["cs_session_number"]), 1


def _fields(row: Row) -> Fields:
    fields: Fields = {
        "has_called": row["answered"] == "1",
        "call_center_name": row["center"].encode()[:_MAX_BYTES].decode(errors="ignore"),
        "call_date": iso_time(row["called_at"]).replace("+00:00", "Z"),
    }
    if row["seconds"]:
        fields["call_duration"] = int(row["seconds"])
    if row["rating"]:
        fields["call_client_rating"] = float(row["rating"])
    return fields


def iso_time(text: str) -> str:
    """Return a time of the CSV file, which has two formats, in ISO 8601."""
    if "/" not in text:
        return text
    moment = datetime.strptime(text, OTHER_TIME_FORMAT).replace(tzinfo=timezone.utc)
    return moment.isoformat()
