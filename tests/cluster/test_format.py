"""The format `contentsquare`, on the first and the newest Spark that have it."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from target_contentsquare.sandbox import Sandbox
from tests.cluster.conftest import WITH_FORMAT
from tests.cluster.driver import Driver, call

Drivers = Callable[[str], Driver]
VERSIONS = pytest.mark.parametrize("version", WITH_FORMAT)


@VERSIONS
def test_a_table_is_saved_and_reported(
    driver: Drivers, sandbox: Sandbox, version: str, tmp_path: Path
) -> None:
    line = "20,000 read = 20,000 delivered"
    script = """
save(calls(20_000), report_path=FOLDER + "/report.json", rejected_path=FOLDER + "/r")
"""
    driver(version).run(script, awaited=line)
    report = json.loads((tmp_path / "report.json").read_text())["rows"]
    assert report["read"] == report["delivered"] == 20_000
    assert report["requests"] == 8 * 13  # 2,500 rows of a task fill 12.5 batches
    assert not (tmp_path / "r").exists()
    assert all(
        dict(fields) == call(int(key.user_id.removeprefix("u-")))
        for key, fields in sandbox.enrichments.items()
    )
    assert len(sandbox.enrichments) == 20_000
    # Each task sends two requests at a time.
    assert sandbox.max_in_flight <= 4


@VERSIONS
def test_spark_finds_it_and_registering_it_does_no_harm(
    driver: Drivers, sandbox: Sandbox, version: str
) -> None:
    driver(version).run("""
register(spark)
register(spark)
save(calls(10))
""")
    assert len(sandbox.enrichments) == 10


@VERSIONS
def test_what_goes_wrong_is_told_before_any_task(
    driver: Drivers, sandbox: Sandbox, version: str
) -> None:
    told = driver(version).run("""
tell(failure_of(lambda: save(calls(10), usr_id="x")))
tell(failure_of(lambda: save(calls(10), fields="{")))
overwrite = calls(10).write.format("contentsquare").mode("overwrite")
tell(failure_of(lambda: with_options(overwrite).save()))
tell(failure_of(lambda: save(calls(10), client_secret="not-this")))
open(FOLDER + "/rejected", "w").close()
tell(failure_of(lambda: save(calls(10), rejected_path=FOLDER + "/rejected")))
""")
    unknown, fields, overwrite, secret, rejected = told
    assert "there is no setting 'usr_id'; did you mean 'user_id'?" in unknown
    assert "option 'fields': must be object" in fields
    assert "mode: must be append" in overwrite
    assert "Contentsquare refuses to sign in for project 162" in secret
    assert "holds the rows of an earlier job" in rejected
    assert sandbox.totals.requests == 0
    assert sandbox.totals.refused_token_requests == 1


@VERSIONS
def test_too_many_rejected_rows_fail_the_job_with_all_of_them_in_the_file(
    driver: Drivers, version: str, tmp_path: Path
) -> None:
    (failure,) = driver(version).run("""
rows = calls(80).selectExpr("user_id", "session_number", "repeat('x', 51) AS name")
tell(failure_of(
    lambda: save(rows, rejected_path=FOLDER + "/rejected", max_rejected=30)
))
""")
    assert "80 rows can't be delivered, more than max_rejected (30)" in failure
    assert len((tmp_path / "rejected").read_text().splitlines()) == 81


@pytest.mark.parametrize("version", ["3-5"])
def test_spark_3_5_says_what_to_use_in_its_place(driver: Drivers, version: str) -> None:
    (failure,) = driver(version).run("tell(failure_of(lambda: register(spark)))")
    assert failure == "the format 'contentsquare' needs Spark 4: use send() here"
