"""All contenders of the benchmarks get and deliver the same rows."""

import os
import sys
from datetime import datetime, timezone
from pathlib import Path

import pytest

from benchmarks.comparison import Entry, checksum, run_once
from benchmarks.conditions import installed
from benchmarks.measuring import run
from benchmarks.singer_input import Shape, write_input

TODAY = datetime.now(timezone.utc).replace(hour=0, minute=0, second=0, microsecond=0)


def written(path: Path, shape: Shape) -> Path:
    write_input(path, shape, TODAY)
    return path


def test_the_same_seed_gives_the_same_rows(tmp_path: Path) -> None:
    shape = Shape(rows=50, seed=7, properties=12)
    first = written(tmp_path / "first", shape).read_bytes()
    again = written(tmp_path / "again", shape).read_bytes()
    other = written(tmp_path / "other", Shape(50, seed=8, properties=12)).read_bytes()
    assert first == again
    assert first != other


@pytest.mark.parametrize("properties", [8, 100])
def test_all_contenders_deliver_the_same(tmp_path: Path, properties: int) -> None:
    source = written(tmp_path / "input", Shape(250, seed=7, properties=properties))
    sums = {c.name: checksum(c, source, tmp_path) for c in installed()}
    assert "target-contentsquare" in sums
    assert len(set(sums.values())) == 1, sums


def test_a_contender_that_loses_rows_is_an_error(tmp_path: Path) -> None:
    source = written(tmp_path / "input", Shape(250, seed=7))
    target = installed()[-1]
    run_once(Entry(target, source, rows=250), tmp_path)
    with pytest.raises(RuntimeError, match="250 arrived"):
        run_once(Entry(target, source, rows=251), tmp_path)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="only Linux can")
def test_a_program_is_tied_to_one_processor(tmp_path: Path) -> None:
    wait = """
import os, sys, time
end = time.monotonic() + 20
while len(os.sched_getaffinity(0)) > 1:
    if time.monotonic() > end:
        sys.exit("not tied")
"""
    empty = tmp_path / "empty"
    empty.touch()
    run([sys.executable, "-c", wait], empty, is_tied=True)
