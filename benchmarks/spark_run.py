"""Running a job on Spark, and measuring it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow.parquet as pq

from benchmarks.measuring import serving
from benchmarks.singer_input import INTEGRATION_SCHEMA, MAPPED

if TYPE_CHECKING:
    import pyarrow as pa

    from benchmarks.comparison import Entry

_HERE = Path(__file__).parent
_PYTHON = _HERE.parent / ".venv-spark-newest" / "bin" / "python"


def run_job(table: pa.Table, entry: Entry, folder: Path) -> float | None:
    """Return the seconds that a job takes for the rows; None where there is no Spark.

    Raises:
        RuntimeError: The job failed, or rows are missing.
    """
    if not _PYTHON.exists() or shutil.which("java") is None:
        sys.stderr.write("  there is no Spark: `make spark` installs it\n")
        return None
    path = folder / "rows.parquet"
    pq.write_table(table, path)
    with serving() as server:
        settings = {
            "client_id": "benchmark",
            "client_secret": "not-a-secret",
            "auth_url": f"{server.url}/token",
            "project_id": 162,
            "integration_schema": INTEGRATION_SCHEMA,
            "fields": {name: name for name in MAPPED},
        }
        script = str(_HERE / "spark_job.py")
        done = subprocess.run(  # noqa: S603 - our own
            [str(_PYTHON), script, str(path), json.dumps(settings)],
            env={**os.environ, "PYSPARK_PYTHON": str(_PYTHON)},
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        arrived = server.received()["rows"]
    if done.returncode != 0 or arrived != entry.rows:
        raise RuntimeError(f"{arrived:,} rows arrived:\n{done.stderr[-2000:]}")
    seconds: float = json.loads(done.stdout)["seconds"]
    sys.stderr.write(f"  Spark: {seconds:.2f} s\n")
    return seconds
