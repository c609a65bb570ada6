"""Run the commands that a user would type, and return what they print."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TAP = Path(".venv-tap/bin/tap-spreadsheets").absolute()
TARGET = Path(sys.executable).with_name("target-contentsquare")

# Requests to the sandbox, which is on this machine, never go through a proxy.
_ENVIRONMENT = {**os.environ, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
_TIMEOUT_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Result:
    """The exit code and the output of the target.

    Attributes:
        states: The lines on its stdout; all of them are states.
        log: Its stderr.
    """

    exit_code: int
    states: list[str]
    log: str

    @property
    def counts(self) -> dict[str, Any]:
        """The numbers of the METRIC line; empty if the run ended before it."""
        metrics = map(json.loads, re.findall(r"METRIC: (\{.*\})", self.log))
        values = (m["value"] for m in metrics if m["metric"] == "enrichments")
        return next(values, {})


def tap_to_target(folder: Path, tap_config: str, config: str) -> Result:
    """Run `tap-spreadsheets --config … | target-contentsquare --config …`."""
    with (folder / "tap.log").open("wb") as log:
        tap = subprocess.Popen(  # noqa: S603 - a command of this demo
            [TAP, "--config", tap_config],
            cwd=folder,
            env=_ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
        )
        with tap:
            result = _target(folder, ["--config", config], tap.stdout)
            # If the target stopped early, the tap would wait for a reader for ever.
            tap.terminate()
    return result


def replay(folder: Path, config: str, file: str) -> Result:
    """Run `target-contentsquare --config … --input …`."""
    return _target(folder, ["--config", config, "--input", file], subprocess.DEVNULL)


def _target(folder: Path, options: list[str], source: Any) -> Result:
    done = subprocess.run(  # noqa: S603 - a command of this demo
        [TARGET, *options],
        cwd=folder,
        env=_ENVIRONMENT,
        stdin=source,
        capture_output=True,
        timeout=_TIMEOUT_SECONDS,
        check=False,
    )
    log = done.stderr.decode()
    with (folder / "target.log").open("a", encoding="utf-8") as file:
        file.write(log)
    return Result(done.returncode, done.stdout.decode().splitlines(), log)
