"""A job of `local[2]`, run by a Python that has Spark: prints the seconds it took."""

import json
import sys
import time

from pyspark.sql import SparkSession

from target_contentsquare.spark import send


def main() -> None:
    """Send a Parquet file; the JVM and the Python workers have been started before."""
    path, settings = sys.argv[1], json.loads(sys.argv[2])
    spark = (
        SparkSession.builder.master("local[2]")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.host", "127.0.0.1")
        .getOrCreate()
    )
    rows = spark.read.parquet(path)
    send(rows, **{**settings, "dry_run": True})
    began = time.perf_counter()
    delivered = send(rows, **settings).total.delivered
    seconds = time.perf_counter() - began
    sys.stdout.write(json.dumps({"seconds": seconds, "delivered": delivered}))


if __name__ == "__main__":
    main()
