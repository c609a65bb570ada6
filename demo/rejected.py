"""Read the file of rejected rows, and write a corrected copy."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from demo.expected import iso_time

if TYPE_CHECKING:
    from pathlib import Path


def rows(path: Path) -> list[dict[str, Any]]:
    """Return the RECORD messages, each with its reason under `rejected`."""
    messages = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    return [message for message in messages if message["type"] == "RECORD"]


def write_corrected(path: Path, corrected: Path) -> None:
    """Copy the file with all times in ISO 8601, as a user would correct it."""
    with corrected.open("w", encoding="utf-8") as file:
        for line in path.read_text("utf-8").splitlines():
            message = json.loads(line)
            if message["type"] == "RECORD":
                record = message["record"]
                record["called_at"] = iso_time(record["called_at"])
            file.write(f"{json.dumps(message, ensure_ascii=False)}\n")
