"""`send`, on the oldest and the newest Spark."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from target_contentsquare.sandbox import Sandbox
from tests.cluster.driver import Driver, call
from tests.conftest import config_for
from tests.runs import Run

Drivers = Callable[[str], Driver]
OLDEST_AND_NEWEST = pytest.mark.parametrize("version", ["3-5", "newest"])


@pytest.mark.parametrize(("version", "rows"), [("newest", 200_000), ("3-5", 20_000)])
def test_every_row_of_a_table_arrives_as_it_is(
    driver: Drivers, sandbox: Sandbox, version: str, rows: int
) -> None:
    (summary,) = driver(version).run(f"""
tell(send(calls({rows}), **SETTINGS).as_dict())
""")
    assert summary["read"] == summary["delivered"] == rows
    held = sandbox.enrichments
    assert len(held) == rows
    for key, fields in held.items():
        number = int(key.user_id.removeprefix("u-"))
        assert key.session_number == number % 7 + 1
        assert dict(fields) == call(number)
    # The batches of each of four tasks are full but for the last one.
    assert rows // 200 <= summary["requests"] <= rows // 200 + 4
    assert sandbox.duplicates_in_batch == 0
    # The driver, and the workers, of which two can run at a time.
    assert sandbox.totals.token_requests <= 1 + 4


@OLDEST_AND_NEWEST
def test_a_task_that_dies_is_run_again_and_counted_once(
    driver: Drivers, sandbox: Sandbox, version: str
) -> None:
    (summary,) = driver(version).run("""
def die_once(batches):
    import os
    from pyspark import TaskContext
    context = TaskContext.get()
    for number, batch in enumerate(batches):
        if context.partitionId() == 1 and context.attemptNumber() == 0 and number == 3:
            os._exit(1)
        yield batch

spark.conf.set("spark.sql.execution.arrow.maxRecordsPerBatch", "500")
from unittest import mock
sending = sys.modules["target_contentsquare.spark.send"]
task_of = sending._task
dying = lambda plan: (lambda task: lambda batches: task(die_once(batches)))(
    task_of(plan)
)
with mock.patch.object(sending, "_task", dying):
    tell(send(calls(20_000), **SETTINGS).as_dict())
""")
    assert summary["read"] == summary["delivered"] == 20_000
    assert len(sandbox.enrichments) == 20_000
    assert all(
        dict(fields) == call(int(key.user_id.removeprefix("u-")))
        for key, fields in sandbox.enrichments.items()
    )


@OLDEST_AND_NEWEST
def test_of_five_versions_of_a_row_the_newest_is_sent(
    driver: Drivers, sandbox: Sandbox, version: str
) -> None:
    (summary,) = driver(version).run("""
versions = spark.range(0, 25_000, 1, 8).selectExpr(
    # Text with blanks, as a warehouse may hold it, and numbers as text.
    "concat(' u-', id % 5000, ' ') AS uid",
    "CAST(CAST(1 AS decimal(10,1)) AS string) AS sess",
    "id DIV 5000 AS version",
    "timestamp_seconds(1790000000 + id DIV 5000) AS updated_at",
).orderBy("version", ascending=False)
summary = send(
    versions.repartition(8), user_id="uid", session_number="sess",
    fields={"version": "version"}, newest_by="updated_at", **SETTINGS,
)
tell(summary.as_dict())
""")
    assert summary["read"] == summary["delivered"] == 5_000
    held = {key.user_id.strip(): fields for key, fields in sandbox.enrichments.items()}
    assert len(held) == 5_000
    assert [fields for fields in held.values() if fields["version"] != 4] == []


@OLDEST_AND_NEWEST
def test_rows_without_a_key_are_not_taken_for_versions_of_one(
    driver: Drivers, version: str
) -> None:
    (summary,) = driver(version).run("""
rows = spark.sql(
    "SELECT * FROM VALUES (NULL, '1', 1), (NULL, '1', 2), ('u', 'x', 3), ('u', 'x', 4),"
    " ('u', '1', 5) AS t(user_id, session_number, n)"
)
summary = send(rows, newest_by="n", rejected_path=FOLDER + "/rejected", **SETTINGS)
tell(summary.as_dict())
""")
    assert summary["delivered"] == 1
    assert summary["rejected"] == {"missing_user_id": 2, "invalid_session_number": 2}


@OLDEST_AND_NEWEST
def test_rejected_rows_are_in_one_file_that_the_target_reads(
    driver: Drivers,
    sandbox: Sandbox,
    version: str,
    tmp_path: Path,
    run: Callable[..., Run],
) -> None:
    (summary,) = driver(version).run("""
rows = calls(1_000).withColumn(
    "call_center_name",
    __import__("pyspark.sql.functions").sql.functions.expr(
        "if(call_duration % 100 = 0, repeat('x', 51), 'LILLE')"
    ),
)
tell(send(rows, rejected_path=FOLDER + "/rejected", **SETTINGS).as_dict())
""")
    assert summary["rejected"] == {"string_too_long": 10}
    assert summary["delivered"] == 990
    lines = (tmp_path / "rejected").read_text().splitlines()
    assert len(lines) == 11
    assert json.loads(lines[1])["rejected"]["field"] == "call_center_name"
    fixed = config_for(sandbox, truncate_strings=True, streams={"rows": {}})
    assert run(fixed, lines).exit_code == 0
    assert len(sandbox.enrichments) == 1_000


@OLDEST_AND_NEWEST
def test_what_goes_wrong_is_told_in_one_line(
    driver: Drivers, sandbox: Sandbox, version: str
) -> None:
    told = driver(version).run("""
wrong = {**SETTINGS, "client_secret": "not-this"}
tell(failure_of(lambda: send(calls(100), **wrong)))
tell(failure_of(lambda: send(calls(100), usr_id="x", **SETTINGS)))
tell(failure_of(lambda: send(calls(100), user_id="uid", **SETTINGS)))
other = {**SETTINGS, "integration_version": 9}
tell(failure_of(lambda: send(calls(100), **other)))
""")
    secret, unknown, column, version_error = told
    assert secret.startswith("Contentsquare refuses to sign in for project 162")
    assert "not-this" not in str(told)
    assert unknown == "there is no setting 'usr_id'; did you mean 'user_id'?"
    assert column.startswith("user_id: the DataFrame has no column 'uid'; it has:")
    assert version_error.startswith("project 162 has no integration version 9")
    assert not any("\n" in line for line in told)
    # A wrong secret costs one request.
    assert sandbox.totals.refused_token_requests == 1
