"""Driver programs: scripts that run with one of the versions of Spark."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
#: Begins every script. `local[2,3]` tries a task three times; `local[2]` never again.
_HEAD = """
import json, logging, os, sys
from pyspark.sql import SparkSession
from target_contentsquare.spark import newest, register, send, sender

logging.basicConfig(level=logging.WARNING)
SETTINGS = json.loads(os.environ["JOB_SETTINGS"])
FOLDER = os.environ["JOB_FOLDER"]
spark = (
    SparkSession.builder.master("local[2,3]")
    .config("spark.ui.enabled", "false")
    .config("spark.driver.host", "127.0.0.1")
    .config("spark.driver.bindAddress", "127.0.0.1")
    .config("spark.sql.shuffle.partitions", "4")
    .config("spark.sql.session.timeZone", "America/New_York")
    .config(
        "spark.driver.extraJavaOptions", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
    )
    .getOrCreate()
)
spark.sparkContext.setLogLevel("OFF")


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


@dataclass(frozen=True)
class Driver:
    """Runs scripts.

    Attributes:
        version: Names the environment `.venv-spark-<version>`.
        folder: Where the scripts may write.
    """

    version: str
    settings: Mapping[str, Any]
    folder: Path

    def run(self, script: str, **changes: Any) -> list[Any]:
        """Run a script to its end, and return what it told.

        All that it printed is in `output.txt` in the folder.

        Args:
            changes: Settings that differ.
        """
        with self.start(script, **changes) as process:
            output, _ = process.communicate(timeout=300)
        (self.folder / "output.txt").write_text(output)
        assert process.returncode == 0, output
        return told(output)

    @contextmanager
    def start(self, script: str, **changes: Any) -> Iterator[subprocess.Popen[str]]:
        """Start a script; it is killed, with its JVM and workers, when this ends."""
        python = str(ROOT / f".venv-spark-{self.version}" / "bin" / "python")
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "PYSPARK_PYTHON": python,
            "PYSPARK_DRIVER_PYTHON": python,
            "JOB_SETTINGS": json.dumps({**self.settings, **changes}),
            "JOB_FOLDER": str(self.folder),
        }
        if "JAVA_HOME" in os.environ:
            environment["JAVA_HOME"] = os.environ["JAVA_HOME"]
        process = subprocess.Popen(  # noqa: S603 - scripts of these tests
            [python, "-c", _HEAD + script],
            cwd=self.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        try:
            yield process
        finally:
            kill(process)


def kill(process: subprocess.Popen[str]) -> None:
    """Kill a driver with SIGKILL, and all processes that it has started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def told(output: str) -> list[Any]:
    """Return what a script told, of all that it printed."""
    lines = [line.rpartition("TOLD ") for line in output.splitlines()]
    return [json.loads(text) for _, mark, text in lines if mark]
