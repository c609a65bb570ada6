"""The files that a run writes have to be files of their own, with no other use."""

from __future__ import annotations

import sys
from typing import IO, TYPE_CHECKING, Any

from target_contentsquare.delivery.sending.wakeup import descriptor_of
from target_contentsquare.errors import ConfigError
from target_contentsquare.report.write_report import check_report_path, is_same_file
from target_contentsquare.singer.results.stdout import stdout_descriptor

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from target_contentsquare.settings.settings import Settings
    from target_contentsquare.singer.results.rejected_file import RejectedFile


def check_files(
    settings: Settings,
    rejected: RejectedFile | None,
    file_input: IO[Any] | None,
    settings_files: Iterable[tuple[str, Path]],
) -> None:
    """Check that each file that a run writes can be written, and has no other use.

    Args:
        file_input: What is read; standard input if None.
        settings_files: What settings were read from: the name of the setting or option,
            and the path.

    Raises:
        ConfigError: One of them can't, or has.
        OutputError: The rejected file can't be written.
    """
    files = [*settings_files]
    if settings.memory_path is not None:
        files.append(("memory_path", settings.memory_path))
    if rejected is not None:
        rejected.check()
        _check_rejected_file(rejected, file_input, files)
    if settings.report_path is not None and not settings.dry_run:
        if settings.rejected_path is not None:
            files.append(("rejected_path", settings.rejected_path))
        _check_report_file(settings.report_path, file_input, files)


def _check_rejected_file(
    rejected: RejectedFile,
    file_input: IO[Any] | None,
    files: Iterable[tuple[str, Path]],
) -> None:
    """Check that rejected rows are not appended to what the run reads or prints to."""
    descriptor = descriptor_of(file_input or sys.stdin)
    if descriptor is not None and rejected.is_same_file(descriptor):
        raise ConfigError(
            "rejected_path is the file that is read: rows would go round in it; "
            "rename it before feeding it in"
        )
    for use, place in _other_uses(files):
        if rejected.is_same_file(place):
            raise ConfigError(f"rejected_path is {use}: name a file of its own")


def check_memory_file(
    settings: Settings,
    file_input: IO[Any] | None,
    settings_files: Iterable[tuple[str, Path]],
) -> None:
    """Check that the memory is no file that the run reads or writes otherwise.

    This comes before the memory is opened: a file that is no memory is moved aside.

    Raises:
        ConfigError: It is one.
    """
    path = settings.memory_path
    if path is None:
        return
    others = {
        "rejected_path": settings.rejected_path,
        "report_path": settings.report_path,
    }
    files = [*settings_files, *((name, p) for name, p in others.items() if p)]
    for use, place in (*_input_use(file_input), *_other_uses(files)):
        if is_same_file(path, place):
            raise ConfigError(f"memory_path is {use}: name a file of its own")


def _input_use(file_input: IO[Any] | None) -> Iterator[tuple[str, int]]:
    descriptor = descriptor_of(file_input or sys.stdin)
    if descriptor is not None:
        yield "the file that is read", descriptor


def _check_report_file(
    path: Path, file_input: IO[Any] | None, files: Iterable[tuple[str, Path]]
) -> None:
    """Check that a report can be written, and over no file of another use."""
    check_report_path(path, [*_other_uses(files), *_input_use(file_input)])


def _other_uses(
    settings_files: Iterable[tuple[str, Path]],
) -> Iterator[tuple[str, int | Path]]:
    descriptors = {
        "standard output": stdout_descriptor(),
        "the log": descriptor_of(sys.stderr),
    }
    for name, descriptor in descriptors.items():
        if descriptor is not None:
            yield f"the file that {name} goes to", descriptor
    for name, path in settings_files:
        yield f"the file of {name}", path
