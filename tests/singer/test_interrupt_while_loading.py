"""SIGINT while the program loads: exit code 130, and no traceback."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

#: Python runs it first. It sends SIGINT to its own process when a module is looked up.
INTERRUPTS = """
import os, sys, _signal

_signal.signal(_signal.SIGINT, _signal.default_int_handler)

class Interrupter:
    def find_spec(self, name, path=None, target=None):
        if name == os.environ["INTERRUPTED_IMPORT"]:
            sys.meta_path.remove(self)
            os.write(2, b"interrupted ")
            os.kill(os.getpid(), _signal.SIGINT)

sys.meta_path.insert(0, Interrupter())
"""


@pytest.mark.parametrize(
    "module",
    [
        "signal",
        "singer_sdk",
        "msgspec",
        "target_contentsquare.singer.target",
        "target_contentsquare.pipeline",
    ],
)
def test_an_interrupt_while_a_module_loads_prints_no_traceback(
    tmp_path: Path, module: str
) -> None:
    (tmp_path / "sitecustomize.py").write_text(INTERRUPTS, "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "target_contentsquare", "--version"],
        env={
            **os.environ,
            "PYTHONPATH": str(tmp_path),
            "INTERRUPTED_IMPORT": module,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (130, "interrupted ")
