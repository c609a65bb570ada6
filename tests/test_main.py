"""How the process starts, before the target takes over."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(sys.executable).with_name("target-contentsquare")


def start_with_sdk(folder: Path, source: str, command: list[str]) -> tuple[int, str]:
    """Run a command with a module in place of the SDK, which is imported while loading.

    Returns:
        The exit code, and all that was printed.
    """
    (folder / "singer_sdk.py").write_text(source, encoding="utf-8")
    done = subprocess.run(  # noqa: S603 - the command is the one under test
        command,
        env={**os.environ, "PYTHONPATH": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout


@pytest.mark.parametrize(
    "command",
    [[sys.executable, "-m", "target_contentsquare"], [str(SCRIPT)]],
    ids=["module", "script"],
)
def test_sigint_while_loading_exits_130_and_prints_nothing(
    tmp_path: Path, command: list[str]
) -> None:
    source = "import signal\nsignal.raise_signal(signal.SIGINT)\n"
    assert start_with_sdk(tmp_path, source, command) == (130, "")


def test_garbage_collection_is_on_while_loading(tmp_path: Path) -> None:
    """Loading was not measurably quicker without it."""
    source = "import gc, sys\nsys.exit(f'on: {gc.isenabled()}')\n"
    command = [sys.executable, "-m", "target_contentsquare"]
    assert start_with_sdk(tmp_path, source, command) == (1, "on: True\n")
