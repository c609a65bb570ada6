"""`--find`: what was delivered of a session, and when."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from target_contentsquare.sandbox import Fault
from tests.singer_input import call, record, schema

if TYPE_CHECKING:
    from pathlib import Path

    from target_contentsquare.sandbox import Sandbox
    from tests.runs import Config, Runner


@pytest.fixture
def config(config: Config, tmp_path: Path) -> Config:
    return {**config, "memory_path": str(tmp_path / "memory.sqlite")}


LINES = [schema(), record(call("u.1", 7)), record(call("u-2"))]


def test_a_session_that_was_delivered_to(command: Runner, config: Config) -> None:
    command(config, LINES)
    done = command(config, [], "--find", "u.1.7")
    assert done.exit_code == 0
    time = r"20[\d-]+T[\d:]+Z"
    assert re.fullmatch(
        rf"project 162, enrichment 1: delivered {time}, in the run of {time}, "
        r"integration version 1\n",
        done.stdout,
    )


def test_a_session_of_which_nothing_is_known(command: Runner, config: Config) -> None:
    command(config, LINES)
    done = command(config, [], "--find", "u.1.8")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "nothing is remembered" in done.stderr


def test_a_number_that_is_kept_for_a_row_is_no_delivery(
    command: Runner, config: Config, sandbox: Sandbox, tmp_path: Path
) -> None:
    config["streams"] = {"*": {"enrichment_number": "auto"}}
    config["rejected_path"] = str(tmp_path / "rejected.singer")
    sandbox.refuse_users(["u.1"])
    command(config, [schema(key_properties=["call_duration"]), *LINES[1:]])
    done = command(config, [], "--find", "u.1.7")
    assert "enrichment 1: kept for a row that was not delivered" in done.stdout
    assert done.exit_code == 1


def test_an_older_row_that_was_delivered_before_a_refused_one_is_found(
    command: Runner, config: Config, sandbox: Sandbox, tmp_path: Path
) -> None:
    config["rejected_path"] = str(tmp_path / "rejected.singer")
    config["batch_size_rows"] = 1
    sandbox.add_fault(Fault(status=400, after=1))
    command(config, [schema(), *(record(call(call_duration=n)) for n in (1, 2))])
    done = command(config, [], "--find", "u-1.1")
    assert done.exit_code == 0
    assert "delivered" in done.stdout
    assert "whether what was sent later arrived is not known" in done.stdout


def test_an_empty_file_stays_as_it_is(
    command: Runner, config: Config, tmp_path: Path
) -> None:
    (tmp_path / "memory.sqlite").touch()
    (error,) = command(config, [], "--find").errors
    assert error.endswith("memory.sqlite' is empty")
    assert (tmp_path / "memory.sqlite").stat().st_size == 0


def test_without_a_session_it_says_how_much_is_remembered(
    command: Runner, config: Config
) -> None:
    command(config, LINES)
    done = command(config, [], "--find")
    assert done.exit_code == 0
    assert "2 enrichments are remembered" in done.stdout
    assert "project 162" in done.stdout
    assert re.search(r"memory.sqlite': [\d,]+ bytes", done.stdout)


def test_it_needs_a_memory_and_a_session_key(command: Runner, config: Config) -> None:
    (error,) = command({**config, "memory_path": None}, [], "--find").errors
    assert "--find: needs memory_path" in error
    (error,) = command(config, [], "--find", "u-1.2").errors
    assert "there is no file" in error
    command(config, LINES)
    (error,) = command(config, [], "--find", "u-1").errors
    assert "userId.sessionNumber" in error
