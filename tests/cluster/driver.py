"""Driver programs: scripts that run with one of the versions of Spark."""

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Timer
from typing import Any

ROOT = Path(__file__).parents[2]
_SESSION = Path(__file__).with_name("session.py")
# As `session.py` says them; it can be imported only where there is pyspark.
_SUCCEEDED, _FAILED = "SCRIPT SUCCEEDED", "SCRIPT FAILED"
_LONGEST_SECONDS = 300.0
#: Stands for a version: the newest Spark, with a session of Spark Connect.
CONNECT = "newest-connect"
#: Begins every script.
_HEAD = """
import json, logging, os, sys
from target_contentsquare.spark import newest, register, send, sender

logging.basicConfig(level=logging.WARNING)


def tell(value):
    print("TOLD " + json.dumps(value), flush=True)


def calls(rows, partitions=8):
    return spark.range(0, rows, 1, partitions).selectExpr(
        "concat('u-', id) AS user_id",
        "CAST(id % 7 + 1 AS int) AS session_number",
        "current_timestamp() AS session_started_at",
        "id AS call_duration",
        "CAST(id % 50 / 10 AS float) AS call_client_rating",
        "id % 2 = 0 AS has_called",
        "concat('center ', id % 11) AS call_center_name",
        "timestamp_seconds(1790000000 + id) AS call_date",
    )


def failure_of(action):
    try:
        action()
    except Exception as error:
        return str(error)
    return None


def save(df, **more):
    writer = df.write.format("contentsquare").mode("append")
    return with_options(writer, **more).save()


def with_options(writer, **more):
    for name, value in {**SETTINGS, **more}.items():
        text = json.dumps(value) if isinstance(value, dict) else str(value)
        writer = writer.option(name, text)
    return writer
"""


def call(number: int) -> dict[str, Any]:
    """Return what is sent of a row that `calls` in a script makes."""
    from datetime import datetime, timezone  # noqa: PLC0415 - next to its only use

    moment = datetime.fromtimestamp(1_790_000_000 + number, timezone.utc)
    return {
        "call_duration": number,
        "call_client_rating": number % 50 / 10,
        "has_called": number % 2 == 0,
        "call_center_name": f"center {number % 11}",
        "call_date": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


class Cluster:
    """A running session of one version of Spark, for one script after the other.

    Starting a JVM and its first job takes more time than most tests do, so that tests
    share it.

    Args:
        version: Names the environment `.venv-spark-<version>`, or is `CONNECT`.
        folder: The working directory of its process.
    """

    def __init__(self, version: str, folder: Path) -> None:
        self._process = start_session(version, folder)

    @property
    def is_running(self) -> bool:
        """Whether it takes another script."""
        return self._process.poll() is None

    def run(self, job: Mapping[str, Any], awaited: str = "") -> str:
        """Run a script to its end, and return all that it printed.

        Args:
            awaited: Part of a line that has to be printed too. Spark hands on what its
                own Python processes print, which may take until after the script's end.
        """
        give(self._process, job)
        assert self._process.stdout is not None
        lines: list[str] = []
        open_ends = {_SUCCEEDED, awaited}
        # Without its processes the pipe ends.
        watchdog = Timer(_LONGEST_SECONDS, end_group, [self._process])
        watchdog.start()
        try:
            while open_ends and (line := self._process.stdout.readline()):
                lines.append(line)
                assert _FAILED not in line, "".join(lines)
                open_ends = {end for end in open_ends if end not in line}
        finally:
            watchdog.cancel()
        output = "".join(lines)
        assert not open_ends, output
        return output

    def close(self) -> None:
        """End the session, its JVM and its workers."""
        kill(self._process)


@dataclass(frozen=True)
class Driver:
    """Runs scripts for one test.

    Attributes:
        cluster: Shared with other tests.
        settings: The scripts' `SETTINGS`.
        folder: Where the scripts may write.
    """

    version: str
    cluster: Cluster
    settings: Mapping[str, Any]
    folder: Path

    def run(self, script: str, *, awaited: str = "") -> list[Any]:
        """Run a script to its end, and return what it told.

        Args:
            awaited: See `Cluster.run`.
        """
        return told(self.cluster.run(self._job(script), awaited))

    @contextmanager
    def start(self, script: str) -> Iterator[subprocess.Popen[str]]:
        """Start a script with a JVM of its own, and kill both when this ends."""
        process = start_session(self.version, self.folder)
        try:
            give(process, self._job(script))
            assert process.stdin is not None
            process.stdin.close()  # the process ends with its script
            yield process
        finally:
            kill(process)

    def _job(self, script: str) -> Mapping[str, Any]:
        return {
            "script": _HEAD + script,
            "settings": self.settings,
            "folder": str(self.folder),
        }


def has_spark(version: str) -> bool:
    """Return whether a version is installed, and the JVM that it needs."""
    return _python(version).exists() and shutil.which("java") is not None


def _python(version: str) -> Path:
    environment = "newest" if version == CONNECT else version
    return ROOT / f".venv-spark-{environment}" / "bin" / "python"


def start_session(version: str, folder: Path) -> subprocess.Popen[str]:
    """Start `session.py` in a process group of its own."""
    python = str(_python(version))
    arguments = ["connect"] if version == CONNECT else []
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "PYSPARK_PYTHON": python,
        "PYSPARK_DRIVER_PYTHON": python,
    }
    if "JAVA_HOME" in os.environ:
        environment["JAVA_HOME"] = os.environ["JAVA_HOME"]
    return subprocess.Popen(  # noqa: S603 - a script of these tests
        # As text: with its path, modules would be looked for in this folder.
        [python, "-c", _SESSION.read_text(encoding="utf-8"), *arguments],
        cwd=folder,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def give(process: subprocess.Popen[str], job: Mapping[str, Any]) -> None:
    """Give a session a script to run."""
    assert process.stdin is not None
    process.stdin.write(f"{json.dumps(job)}\n")
    process.stdin.flush()


def end_group(process: subprocess.Popen[str]) -> None:
    """Send SIGKILL to a session, and to all processes that it has started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def kill(process: subprocess.Popen[str]) -> None:
    """End a session as `end_group` does, and wait until it has ended."""
    end_group(process)
    process.wait()
    for pipe in (process.stdin, process.stdout):
        assert pipe is not None
        with suppress(BrokenPipeError):
            pipe.close()


def told(output: str) -> list[Any]:
    """Return what a script told, of all that it printed."""
    lines = [line.rpartition("TOLD ") for line in output.splitlines()]
    return [json.loads(text) for _, mark, text in lines if mark]
