"""Streams: at least once, also if the driver is killed."""

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from target_contentsquare.sandbox import Sandbox
from tests.cluster.conftest import ALL, WITH_FORMAT
from tests.cluster.driver import Driver, call, kill

Drivers = Callable[[str], Driver]
_BATCHES = 5
_ROWS_IN_BATCH = 1_000

#: A stream of files, one in each micro-batch; ends when all are read.
READ = """
schema = calls(1).schema
stream = (
    spark.readStream.schema(schema).option("maxFilesPerTrigger", 1)
    .json(FOLDER + "/source")
)
"""
SAVE = """
writer = stream.writeStream.format("contentsquare").trigger(availableNow=True)
query = (
    with_options(writer, rejected_path=FOLDER + "/rejected")
    .option("checkpointLocation", FOLDER + "/checkpoint").start()
)
query.awaitTermination()
"""
SEND = """
to_contentsquare = sender(rejected_path=FOLDER + "/rejected", tasks=2, **SETTINGS)
query = (
    stream.writeStream.foreachBatch(to_contentsquare).trigger(availableNow=True)
    .option("checkpointLocation", FOLDER + "/checkpoint").start()
)
query.awaitTermination()
"""


def write_source(folder: Path) -> None:
    source = folder / "source"
    source.mkdir()
    for batch in range(_BATCHES):
        first = batch * _ROWS_IN_BATCH
        numbers = range(first, first + _ROWS_IN_BATCH)
        lines = (
            json.dumps({"user_id": f"u-{n}", "session_number": 1, **call(n)})
            for n in numbers
        )
        (source / f"{batch}.json").write_text("\n".join(lines))


def assert_all_arrived(sandbox: Sandbox) -> None:
    held = {key.user_id: dict(fields) for key, fields in sandbox.enrichments.items()}
    rows = _BATCHES * _ROWS_IN_BATCH
    assert held == {f"u-{n}": call(n) for n in range(rows)}


@pytest.mark.parametrize("version", WITH_FORMAT)
def test_a_stream_goes_on_where_its_driver_was_killed(
    driver: Drivers, sandbox: Sandbox, version: str, tmp_path: Path
) -> None:
    write_source(tmp_path)
    spark = driver(version)
    for rows in (1, 2 * _ROWS_IN_BATCH + 1):
        with spark.start(READ + SAVE) as process:
            deadline = time.monotonic() + 280
            while len(sandbox.enrichments) < rows:
                assert process.poll() is None, process.stdout and process.stdout.read()
                assert time.monotonic() < deadline
                time.sleep(0.05)
            kill(process)
    spark.run(READ + SAVE)
    assert_all_arrived(sandbox)


@pytest.mark.parametrize("version", ALL)
def test_each_micro_batch_is_sent_by_a_function(
    driver: Drivers, sandbox: Sandbox, version: str, tmp_path: Path
) -> None:
    write_source(tmp_path)
    driver(version).run(READ + SEND)
    assert_all_arrived(sandbox)


@pytest.mark.parametrize("version", WITH_FORMAT)
def test_rejected_rows_of_each_micro_batch_have_a_file(
    driver: Drivers, sandbox: Sandbox, version: str, tmp_path: Path
) -> None:
    write_source(tmp_path)
    first = tmp_path / "source" / "0.json"
    text = first.read_text().replace('"center 3"', f'"{"x" * 51}"')
    first.write_text(text)
    driver(version).run(READ + SAVE)
    files = sorted(path.name for path in tmp_path.glob("rejected*"))
    assert len(files) == 1
    rejected = (tmp_path / files[0]).read_text().splitlines()
    assert len(rejected) - 1 == text.count("x" * 51)
    rows = _BATCHES * _ROWS_IN_BATCH
    assert len(sandbox.enrichments) == rows - text.count("x" * 51)


@pytest.mark.parametrize("version", WITH_FORMAT)
def test_a_stream_without_a_place_for_rejected_rows_is_refused(
    driver: Drivers, version: str, tmp_path: Path
) -> None:
    write_source(tmp_path)
    (of_format, of_sender) = driver(version).run(
        READ
        + """
writer = stream.writeStream.format("contentsquare").trigger(availableNow=True)
query = with_options(writer).option("checkpointLocation", FOLDER + "/c").start
tell(failure_of(lambda: query().awaitTermination()))
tell(failure_of(lambda: sender(**SETTINGS)))
"""
    )
    assert "rejected_path: is required for a stream" in of_format
    assert of_sender.startswith("rejected_path: is required for a stream")
