"""A memory_path that is another file of the run is refused before it is moved aside."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.singer_input import call, record, schema

if TYPE_CHECKING:
    from pathlib import Path

    from tests.runs import Config, Runner

LINES = [schema(), record(call())]


@pytest.mark.parametrize("setting", ["rejected_path", "report_path"])
def test_the_file_of_another_setting_is_refused_and_stays(
    config: Config, run: Runner, tmp_path: Path, setting: str
) -> None:
    path = tmp_path / "file"
    path.write_text(f"{schema()}\n")
    done = run({**config, "memory_path": str(path), setting: str(path)}, LINES)
    assert done.exit_code == 1
    assert done.errors == [
        f"memory_path is the file of {setting}: name a file of its own"
    ]
    assert path.read_text() == f"{schema()}\n"
    path.unlink()
    run({**config, "memory_path": str(path), setting: str(path)}, LINES)
    assert not path.exists()


def test_the_input_is_refused_and_stays(
    config: Config, run: Runner, tmp_path: Path
) -> None:
    # The fixture writes the lines there, and gives the file as `--input`.
    path = tmp_path / "input.singer"
    config["memory_path"] = str(path)
    done = run(config, LINES)
    assert done.errors == [
        "memory_path is the file that is read: name a file of its own"
    ]
    assert path.read_text().splitlines() == LINES


def test_the_file_that_states_go_to_is_refused(config: Config, tmp_path: Path) -> None:
    config["memory_path"] = str(tmp_path / "output")
    (tmp_path / "config.json").write_text(json.dumps(config))
    with (tmp_path / "output").open("wb") as stdout:
        done = subprocess.run(
            [sys.executable, "-m", "target_contentsquare", "--config", "config.json"],
            input=f"{schema()}\n".encode(),
            stdout=stdout,
            stderr=subprocess.PIPE,
            cwd=tmp_path,
            check=False,
        )
    assert done.returncode == 1
    assert b"memory_path is the file that standard output goes to" in done.stderr
    assert (tmp_path / "output").read_bytes() == b""


def test_what_is_no_file_is_refused(config: Config, run: Runner) -> None:
    (error,) = run({**config, "memory_path": "/dev/null"}, LINES).errors
    assert error == "memory_path: '/dev/null' can't be used: it is no file"
