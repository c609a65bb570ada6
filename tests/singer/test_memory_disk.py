"""A disk that is full or read-only under the memory, on a file system of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.singer_input import call, record, schema, state

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from target_contentsquare.sandbox import Sandbox
    from tests.runs import Config, Runner

ROWS = 4000


def mount(*arguments: str) -> None:
    command = shutil.which("mount")
    if command is None or os.geteuid() != 0:
        pytest.skip("only root can mount a file system")
    done = subprocess.run(  # noqa: S603 - our own arguments
        [command, *arguments], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        pytest.skip(f"mounting is not allowed here: {done.stderr.strip()}")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 128 kB, on which a memory has room for some hundred entries."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount("-t", "tmpfs", "-o", "size=128k", "tmpfs", str(folder))
    yield folder
    subprocess.run(["umount", str(folder)], check=True)  # noqa: S603, S607 - as mounted


@pytest.fixture
def config(config: Config, disk: Path) -> Config:
    return {**config, "memory_path": str(disk / "memory.sqlite")}


def lines(count: int) -> list[str]:
    rows = [record(call(f"u-{number}")) for number in range(count)]
    return [schema(), *rows, state({"rows": count})]


def test_a_full_disk_ends_the_run_in_a_line_and_no_state_covers_what_was_lost(
    run: Runner, config: Config, sandbox: Sandbox, tmp_path: Path
) -> None:
    done = run(config, lines(ROWS))
    assert done.exit_code == 1
    (error,) = done.errors
    assert "memory_path" in error
    assert "full" in error
    assert "Traceback" not in done.stderr
    assert done.states == []
    with_room = {**config, "memory_path": str(tmp_path / "memory.sqlite")}
    assert run(with_room, lines(ROWS)).exit_code == 0
    assert len(sandbox.enrichments) == ROWS


def test_a_read_only_disk_ends_the_run_in_a_line_and_the_memory_stays(
    run: Runner, config: Config, disk: Path
) -> None:
    assert run(config, lines(10)).exit_code == 0
    mount("-o", "remount,ro", str(disk))
    done = run(config, lines(10))
    assert done.exit_code == 1
    (error,) = done.errors
    assert "memory_path" in error
    assert "Traceback" not in done.stderr
    assert done.states == []
    mount("-o", "remount,rw", str(disk))
    assert run(config, lines(10)).metric["unchanged"] == 10
