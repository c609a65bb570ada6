"""The rejected rows of a job, as a file of Singer messages that the driver writes."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fsspec.core import url_to_fs
from fsspec.implementations.local import LocalFileSystem

from target_contentsquare.errors import ConfigError, OutputError
from target_contentsquare.mapping.fields import FieldType
from target_contentsquare.spark.task.values import as_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from target_contentsquare.mapping.columns import Column
    from target_contentsquare.spark.task.kept_rows import KeptRow
    from target_contentsquare.spark.task.task import TaskPlan

_MODE = 0o600  # rows hold personal data
# Spark's environment variable with the name of the folder that a session works in.
_SESSION_FOLDER = "SPARK_JOB_ARTIFACT_UUID"
_JSON_TYPES = {
    FieldType.STRING: "string",
    FieldType.INT: "integer",
    FieldType.FLOAT: "number",
    FieldType.BOOL: "boolean",
    FieldType.DATETIME: "string",
}


def check_is_new(path: str) -> None:
    """Raise an error if there is a file: its rows would be lost.

    Raises:
        ConfigError: There is one.
        OutputError: Nothing can be written there.
    """
    try:
        file_system, name = url_to_fs(path)
        exists = file_system.exists(name)
    except Exception as error:  # noqa: BLE001 - each file system has its own
        raise _output_error(path, error) from None
    if exists:
        raise ConfigError(
            f"rejected_path: '{path}' holds the rows of an earlier job: send them with "
            "target-contentsquare --input, or give another name"
        )


def check_stays(setting: str, path: str) -> None:
    """Raise an error if Spark would remove the file.

    Under Spark Connect the code of a format runs in a folder of the session, which
    Spark removes when the session ends.

    Raises:
        ConfigError: The path is relative, and would be in that folder.
        OutputError: Nothing can be written there.
    """
    folder = Path.cwd()
    if folder.name != os.environ.get(_SESSION_FOLDER):
        return
    try:
        file_system, name = url_to_fs(path)
    except Exception as error:  # noqa: BLE001 - each file system has its own
        raise _output_error(path, error) from None
    if isinstance(file_system, LocalFileSystem) and folder in Path(name).parents:
        raise ConfigError(
            f"{setting}: '{path}' would be in a folder that Spark Connect removes with "
            "the session: give an absolute path on the server"
        )


def write_rejected(path: str, plan: TaskPlan, rows: Iterable[KeptRow]) -> None:
    """Write rows as they came, each with why it was rejected.

    Args:
        path: Anything that fsspec opens. What is there is replaced.

    Raises:
        OutputError: It can't be written.
    """
    lines = "".join(f"{json.dumps(message)}\n" for message in _messages(plan, rows))
    write_text(path, lines)


def write_text(path: str, text: str) -> None:
    """Write a file that nobody else may read, where the file system knows of that.

    Raises:
        OutputError: It can't be written.
    """
    try:
        file_system, name = url_to_fs(path)
        if isinstance(file_system, LocalFileSystem):
            os.close(os.open(name, os.O_WRONLY | os.O_CREAT, _MODE))
        with file_system.open(name, "wb") as file:
            file.write(text.encode())
    except Exception as error:  # noqa: BLE001 - each file system has its own
        raise _output_error(path, error) from None


def _output_error(path: str, error: Exception) -> OutputError:
    # Only the type: the texts of fsspec's file systems may hold keys.
    return OutputError(f"'{path}' can't be written ({type(error).__name__})")


def _messages(plan: TaskPlan, rows: Iterable[KeptRow]) -> Iterator[dict[str, Any]]:
    properties = {column.name: _property(column) for column in plan.columns}
    yield {
        "type": "SCHEMA",
        "stream": plan.stream,
        "schema": {"type": "object", "properties": properties},
        "key_properties": [],
    }
    for row in rows:
        values = zip(properties, row.values, strict=True)
        yield {
            "type": "RECORD",
            "stream": plan.stream,
            "record": {name: as_json(value) for name, value in values},
            "rejected": {
                "reason": row.rejection.reason,
                "field": row.rejection.field,
                "detail": row.rejection.detail,
                "at": row.at.isoformat(timespec="seconds").replace("+00:00", "Z"),
                "faults": [
                    {"reason": f.reason, "field": f.field, "detail": f.detail}
                    for f in row.rejection.faults
                ],
            },
        }


def _property(column: Column) -> dict[str, Any]:
    """Return the JSON schema by which the target reads the column as Spark did.

    A decimal is a number there, although its value is written as text: the target takes
    the text of a number for one, and 5.00 would become 5.0 on the way.
    """
    if column.type is None:
        return {}
    schema: dict[str, Any] = {"type": [_JSON_TYPES[column.type], "null"]}
    if column.type is FieldType.DATETIME:
        schema["format"] = "date-time" if column.typed else "date"
    return schema
