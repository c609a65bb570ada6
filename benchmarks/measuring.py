"""Run a program and measure its cost, and run the server that it sends to."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

# Linux counts the peak in kilobytes, macOS in bytes.
_PEAK_UNIT = 1 if sys.platform == "darwin" else 1024


@dataclass(frozen=True, slots=True)
class Cost:
    """The cost of a run.

    Attributes:
        wall: Seconds from start to exit.
        cpu: Seconds of processor time, user and system, of all its threads.
        peak: Peak memory in bytes. It is never below the memory of this process when
            it started the run, so this process loads as little as possible.
    """

    wall: float
    cpu: float
    peak: int


@dataclass(frozen=True, slots=True)
class Server:
    """A running benchmark server."""

    url: str

    def received(self) -> dict[str, Any]:
        """Return what the server counted, as its answer to `GET /received`."""
        with urllib.request.urlopen(f"{self.url}/received", timeout=30) as answer:  # noqa: S310 - our own
            return json.load(answer)  # type: ignore[no-any-return]


@contextlib.contextmanager
def serving(
    latency: float = 0.0, *, port: int = 0, checksum: bool = False
) -> Iterator[Server]:
    """Run the server in a process of its own.

    Args:
        port: That it listens on; 0: any that is free.
        latency: Seconds before each answer to a batch.
        checksum: Whether the server computes a checksum of the rows.
    """
    options = ["--port", str(port), "--latency", str(latency)]
    command = [sys.executable, "-m", "benchmarks.server", *options]
    if checksum:
        command.append("--checksum")
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:  # noqa: S603 - our own
        assert process.stdout is not None  # noqa: S101 - asked for above
        try:
            port = int(process.stdout.readline())
            yield Server(f"http://127.0.0.1:{port}")
        finally:
            process.terminate()


def free_port() -> int:
    """Return the number of a port that is free."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
    return port


@contextlib.contextmanager
def _tap(path: Path) -> Iterator[IO[bytes]]:
    """Run a tap in a process of its own, and return what it writes."""
    command = [sys.executable, "-m", "benchmarks.tap", str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:  # noqa: S603 - our own
        assert process.stdout is not None  # noqa: S101 - asked for above
        yield process.stdout


def run(
    command: Sequence[str], stdin: Path, *, by_tap: bool = False, is_tied: bool = False
) -> Cost:
    """Run a program to its end, and return its cost.

    Args:
        stdin: The file that it reads.
        by_tap: Whether a tap reads it, and writes to the program row by row.
        is_tied: Whether all its threads run on one processor. Only Linux can do that.

    Raises:
        RuntimeError: The program failed. The message has the end of its log.
    """
    opened = _tap(stdin) if by_tap else stdin.open("rb")
    with opened as source, tempfile.TemporaryFile() as log:
        started = time.perf_counter()
        process = subprocess.Popen(  # noqa: S603 - one of the contenders
            command,
            stdin=source,
            stdout=subprocess.DEVNULL,
            stderr=log,
            env=_environment(),
        )
        if is_tied:
            # Its threads begin later, and stay where the first one is.
            os.sched_setaffinity(process.pid, {min(os.sched_getaffinity(0))})
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            log.seek(0)
            tail = log.read()[-2000:].decode(errors="replace")
            msg = f"{' '.join(command)} exited with {process.returncode}:\n{tail}"
            raise RuntimeError(msg)
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * _PEAK_UNIT)


def _environment() -> dict[str, str]:
    """Return the environment, with which Python caches compiled modules."""
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    # dlt sends no telemetry.
    return {**kept, "RUNTIME__DLTHUB_TELEMETRY": "false"}
