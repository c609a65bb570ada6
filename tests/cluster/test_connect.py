"""Spark Connect: the program with the session is not the one that runs the job."""

from collections.abc import Callable
from pathlib import Path

import pytest

from target_contentsquare.sandbox import Sandbox
from tests.cluster.driver import CONNECT, Driver, call

Drivers = Callable[[str], Driver]
# With `parametrize`, as other versions: the tests share a session by it.
VERSION = pytest.mark.parametrize("version", [CONNECT])


def assert_held(sandbox: Sandbox, rows: int) -> None:
    held = {key.user_id: dict(fields) for key, fields in sandbox.enrichments.items()}
    assert held == {f"u-{number}": call(number) for number in range(rows)}


@VERSION
def test_rows_are_sent_and_what_goes_wrong_is_told_in_one_line(
    driver: Drivers, sandbox: Sandbox, version: str
) -> None:
    summary, secret, version_error = driver(version).run("""
from pyspark.sql.utils import is_remote
assert is_remote()
rows = calls(1_000, 1)
summary = send(rows.union(rows), newest_by="session_started_at", tasks=2, **SETTINGS)
tell(summary.as_dict())
wrong = {**SETTINGS, "client_secret": "not-this"}
tell(failure_of(lambda: send(rows, **wrong)))
other = {**SETTINGS, "integration_version": 9}
tell(failure_of(lambda: send(rows, tasks=1, **other)))
""")
    assert summary["read"] == summary["delivered"] == 1_000
    assert_held(sandbox, 1_000)
    assert secret.startswith("Contentsquare refuses to sign in for project 162")
    assert version_error.startswith("project 162 has no integration version 9")
    assert "\n" not in secret + version_error
    assert sandbox.totals.refused_token_requests == 1


@VERSION
def test_the_format_saves_and_refuses_a_file_that_spark_would_remove(
    driver: Drivers, sandbox: Sandbox, version: str, tmp_path: Path
) -> None:
    rejected, report = driver(version).run("""
register(spark)
save(calls(1_000, 1), report_path=FOLDER + "/report.json")
tell(failure_of(lambda: save(calls(10, 1), rejected_path="rejected")))
tell(failure_of(lambda: save(calls(10, 1), report_path="report.json")))
""")
    assert_held(sandbox, 1_000)
    assert sandbox.totals.delivered_enrichments == 1_000
    assert (tmp_path / "report.json").exists()
    assert "rejected_path: 'rejected' would be in a folder that Spark" in rejected
    assert "report_path: 'report.json' would be in a folder that Spark" in report
