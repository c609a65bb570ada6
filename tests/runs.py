"""Run the target, and read what it printed."""

import contextlib
import gc
import io
import itertools
import json
import logging
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from singer_sdk.logging import ConsoleFormatter

from target_contentsquare.singer.command import GivenConfig
from target_contentsquare.singer.target import TargetContentsquare

_SCRIPT = Path(sys.executable).with_name("target-contentsquare")
_LOG_LINE = re.compile(r"^[-\d]+ [\d:,]+ +\| (\w+) +\| [^|]+\| (.*)$", re.MULTILINE)


@dataclass(frozen=True)
class Run:
    """What a run printed, and its exit code."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def states(self) -> list[Any]:
        """The states printed."""
        return [json.loads(line) for line in self.stdout.splitlines()]

    @property
    def errors(self) -> list[str]:
        """The errors logged."""
        return self.logged("ERROR")

    @property
    def warnings(self) -> list[str]:
        """The warnings logged."""
        return self.logged("WARNING")

    def logged(self, level: str) -> list[str]:
        """Return the messages logged at a level."""
        return [text for name, text in _LOG_LINE.findall(self.stderr) if name == level]

    @property
    def metric(self) -> dict[str, Any]:
        """The value of the METRIC line of the summary; the SDK logs other metrics."""
        lines = [json.loads(line) for line in re.findall(r"METRIC: (.*)", self.stderr)]
        (value,) = [line["value"] for line in lines if line["metric"] == "enrichments"]
        return dict(value)

    @property
    def printed(self) -> str:
        """All that was printed."""
        return self.stdout + self.stderr


_RUNS = itertools.count()

#: The fixtures `run` and `command`.
Runner = Callable[..., Run]
Config = dict[str, Any]


def run_command(
    options: Sequence[str],
    lines: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> Run:
    """Run the console script in a process, with the lines on its input."""
    done = subprocess.run(  # noqa: S603 - the command is the one under test
        [str(_SCRIPT), *options],
        input="".join(f"{line}\n" for line in lines).encode(errors="surrogatepass"),
        capture_output=True,
        env={"PATH": str(_SCRIPT.parent), **(environment or {})},
        cwd=folder,
        timeout=60,
        check=False,
    )
    return Run(done.returncode, done.stdout.decode(), done.stderr.decode())


def run_here(
    config: Mapping[str, Any],
    source: Path,
    *,
    level: int = logging.INFO,
    **options: Any,
) -> Run:
    """Run the command in this process, which is a second faster than in another.

    Args:
        config: The settings.
        source: A file of Singer messages, for `--input`.
        level: Level of the log.
        options: Flags of the command, such as `test`.
    """
    settings = GivenConfig(json.loads(json.dumps(config)))
    stdout, stderr = io.StringIO(), io.StringIO()
    exit_code: Any = 0
    with (
        source.open(encoding="utf-8") as messages,
        contextlib.redirect_stdout(stdout),
        _logging_to(stderr, level),
        _keeping_signal_handlers(),
        _collecting_garbage(),
    ):
        try:
            TargetContentsquare.invoke(config=settings, file_input=messages, **options)
        except SystemExit as stopped:
            exit_code = stopped.code or 0
    return Run(exit_code, stdout.getvalue(), stderr.getvalue())


@contextlib.contextmanager
def _logging_to(text: io.StringIO, level: int) -> Iterator[None]:
    root = logging.getLogger()
    before = root.level
    handler = logging.StreamHandler(text)
    handler.setFormatter(ConsoleFormatter())
    root.addHandler(handler)
    root.setLevel(level)
    try:
        yield
    finally:
        root.removeHandler(handler)
        root.setLevel(before)


@contextlib.contextmanager
def _collecting_garbage() -> Iterator[None]:
    """Restore garbage collection, which a run makes rare for its whole process.

    Every 20th run collects, since sockets in reference cycles would stay open, unless
    a test has disabled garbage collection.
    """
    thresholds = gc.get_threshold()
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
        gc.unfreeze()
        if next(_RUNS) % 20 == 0 and gc.isenabled():
            gc.collect()


@contextlib.contextmanager
def _keeping_signal_handlers() -> Iterator[None]:
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.getsignal(number) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
