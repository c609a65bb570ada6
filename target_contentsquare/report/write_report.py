"""Writing a report: whole or not at all, and over no file that is something else."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from target_contentsquare.errors import ConfigError, OutputError
from target_contentsquare.printable import encodable
from target_contentsquare.report.page import page_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from target_contentsquare.report.run_report import RunReport


def check_report_path(
    path: Path, other_files: Iterable[tuple[str, Path | int]]
) -> None:
    """Find out before a run whether its report can be written.

    Args:
        other_files: What it must not be written over: a name, and the path or an open
            descriptor.

    Raises:
        ConfigError: It can't, or would be written over a file of another use.
    """
    is_taken = path.exists() and not path.is_file()
    if is_taken or not os.access(path.parent, os.W_OK) or not path.parent.is_dir():
        raise ConfigError(
            f"report_path: '{path}' can't be written: it must be a file in a folder "
            "that exists, and that may be written to"
        )
    for name, place in other_files:
        if is_same_file(path, place):
            raise ConfigError(f"report_path is {name}: name a file of its own")


def report_text(report: RunReport, name: str) -> str:
    """Return a report: a page if the file's name ends in `.html`, otherwise JSON."""
    if name.lower().endswith(".html"):
        return encodable(page_of(report))
    return f"{json.dumps(report.as_dict(), indent=2)}\n"


def write_report(report: RunReport, path: Path) -> None:
    """Write a report: a page if the path ends in `.html`, otherwise JSON.

    Raises:
        OutputError: It can't be written; what was there before stays.
    """
    text = report_text(report, path.name)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        part.write_text(text, encoding="utf-8")
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        msg = f"report_path: can't write '{path}': {error.strerror}"
        raise OutputError(msg) from None


def is_same_file(path: Path, place: Path | int) -> bool:
    """Return whether a path, or an open descriptor, leads to the file of a path."""
    try:
        other = place.stat() if isinstance(place, Path) else os.fstat(place)
        return os.path.samestat(path.stat(), other)
    except OSError:
        # Two files that are yet to be made are the same if their paths are.
        return isinstance(place, Path) and path.resolve() == place.resolve()
