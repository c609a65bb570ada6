"""A Spark session that runs scripts, one after the other, in a process of its own.

It is started by the Python of a Spark environment. Each line of its standard input is a
JSON object with a script, its settings and its folder. What a script prints goes to the
standard output; the line after it says how the script ended.

With the argument `connect` the session is one of Spark Connect, whose server is started
as well.
"""

import json
import os
import sys
import traceback

from pyspark.sql import SparkSession

#: Begin the line after a script's output.
SUCCEEDED, FAILED = "SCRIPT SUCCEEDED", "SCRIPT FAILED"
IS_CONNECT = "connect" in sys.argv


def main() -> None:
    """Run scripts until the standard input ends."""
    spark = start_session()
    for line in sys.stdin:
        job = json.loads(line)
        # Settings, views and data sources of one script are not those of the next.
        names = {
            "__name__": "__main__",
            "spark": spark.newSession(),
            "SETTINGS": job["settings"],
            "FOLDER": job["folder"],
        }
        print(run(job["script"], names), flush=True)  # noqa: T201 - read by the tests


def start_session() -> SparkSession:
    """Return a session on a new JVM."""
    spark = (
        builder()
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
    if not IS_CONNECT:
        spark.sparkContext.setLogLevel("OFF")
    return spark


def builder() -> SparkSession.Builder:
    """Return what makes a session with two cores."""
    if IS_CONNECT:
        # The server takes a free port, and not always the same.
        os.environ["SPARK_TESTING"] = "1"
        return SparkSession.builder.remote("local[2]")
    # `local[2,3]` tries a task three times; `local[2]` never again.
    return SparkSession.builder.master("local[2,3]")


def run(script: str, names: dict[str, object]) -> str:
    """Run a script, and return the line that says how it ended."""
    try:
        exec(script, names)  # noqa: S102 - a script of these tests
    except Exception:  # noqa: BLE001 - whatever it is, the test shows it
        traceback.print_exc(file=sys.stdout)
        return FAILED
    return SUCCEEDED


if __name__ == "__main__":
    main()
