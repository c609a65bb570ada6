"""The rejected file while others move, empty or append to it."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest

from target_contentsquare.delivery.clock import utc_now
from target_contentsquare.delivery.origin import Origin
from target_contentsquare.delivery.rejects import Rejection
from target_contentsquare.delivery.summary.summary import StreamCounts
from target_contentsquare.errors import OutputError
from target_contentsquare.singer.input.tap_stream import TapStream
from target_contentsquare.singer.results import shared_file
from target_contentsquare.singer.results.rejected_file import RejectedFile
from tests.conftest import config_for
from tests.singer_input import call, record, schema, state
from tests.target_process import TargetProcess, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from io import FileIO
    from pathlib import Path

    from target_contentsquare.sandbox import Sandbox
    from tests.runs import Config, Runner

SOURCE = TapStream(name="calls", schema=json.loads(schema()))
REJECTION = Rejection("wrong_type", "call_duration", "not an integer")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "rejected.singer"


def write(file: RejectedFile, user: str, source: TapStream = SOURCE) -> None:
    line = record(call(user, call_duration="x")).encode()
    file.write(Origin(StreamCounts(), source, 1, line, len(line), None), REJECTION)


def users(path: Path) -> list[str]:
    """Return the users in a file, each of which must come after its SCHEMA."""
    found, has_schema = [], False
    for message in map(json.loads, path.read_bytes().splitlines()):
        has_schema = has_schema or message["type"] == "SCHEMA"
        assert has_schema, "a row comes before its SCHEMA"
        if message["type"] == "RECORD":
            found.append(message["record"]["user_id"])
    return found


def delete(path: Path) -> None:
    path.unlink()


def rename(path: Path) -> None:
    path.rename(path.with_suffix(".moved"))


def replace(path: Path) -> None:
    other = path.with_suffix(".other")
    other.touch()
    other.replace(path)


def empty(path: Path) -> None:
    os.truncate(path, 0)


def empty_after_copying(path: Path) -> None:
    """Do as logrotate does with `copytruncate`."""
    path.with_suffix(".copy").write_bytes(path.read_bytes())
    os.truncate(path, 0)


CHANGES = (delete, rename, replace, empty, empty_after_copying)


@pytest.mark.parametrize("change", CHANGES)
def test_rows_after_a_change_are_in_a_new_file_that_can_be_fed_in(
    path: Path, change: Callable[[Path], None]
) -> None:
    file = RejectedFile(path, utc_now)
    write(file, "before")
    file.sync()
    change(path)
    write(file, "after")
    file.sync()
    assert users(path) == ["after"]
    assert path.stat().st_mode & 0o777 == 0o600
    file.close()


@pytest.mark.parametrize("change", CHANGES)
def test_a_state_covers_no_row_that_is_in_no_file(
    tmp_path: Path, sandbox: Sandbox, path: Path, change: Callable[[Path], None]
) -> None:
    config = config_for(sandbox, rejected_path=str(path))
    with TargetProcess(tmp_path / "run", config) as target:
        target.write(
            [schema(), record(call("before", call_duration="x")), state({"rows": 1})]
        )
        wait_until(lambda: target.rows_in_state == 1, "a state")
        change(path)
        after = [record(call("after", call_duration="x")), record(call("good"))]
        target.write([*after, state({"rows": 2})])
        target.close_stdin()
        assert target.wait() == 0, target.stderr
        assert target.rows_in_state == 2
    assert users(path) == ["after"]
    for moved in (".moved", ".copy"):
        if path.with_suffix(moved).exists():
            assert users(path.with_suffix(moved)) == ["before"]


def test_a_folder_that_is_gone_ends_the_run_before_a_state(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    file = RejectedFile(folder / "rejected.singer", utc_now)
    write(file, "before")
    file.sync()
    (folder / "rejected.singer").unlink()
    folder.rmdir()
    write(file, "after")
    with pytest.raises(OutputError, match="No such file or directory"):
        file.sync()


def test_what_is_put_in_its_place_and_is_no_file_ends_the_run(path: Path) -> None:
    file = RejectedFile(path, utc_now)
    write(file, "before")
    file.sync()
    path.unlink()
    os.mkfifo(path)
    write(file, "after")
    with pytest.raises(OutputError, match="regular file"):
        file.sync()


def test_rows_of_two_runs_each_come_after_their_own_schema(path: Path) -> None:
    wide = TapStream(name="calls", schema=json.loads(schema(properties={"a": {}})))
    first, second = RejectedFile(path, utc_now), RejectedFile(path, utc_now)
    for number in range(3):
        write(first, f"a{number}")
        first.sync()
        write(second, f"b{number}", wide)
        second.sync()
    latest: dict[str, Any] = {}
    for message in map(json.loads, path.read_bytes().splitlines()):
        if message["type"] == "SCHEMA":
            latest = message
            continue
        is_wide = message["record"]["user_id"].startswith("b")
        assert latest == (wide if is_wide else SOURCE).schema
    assert users(path) == ["a0", "b0", "a1", "b1", "a2", "b2"]
    first.close()
    second.close()


#: Writes half a line under the lock, and the rest when its input ends.
OTHER_RUN = """
import fcntl, json, os, sys
schema, line = sys.argv[2].encode(), sys.argv[3].encode()
with open(sys.argv[1], "ab", buffering=0) as file:
    fcntl.lockf(file, fcntl.LOCK_EX)
    file.write(schema + b"\\n" + line[:20])
    print("half", flush=True)
    sys.stdin.read()
    file.write(line[20:] + b"\\n")
"""


@pytest.fixture
def other_run(path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Another run that is in the middle of a line."""
    line = record(call("other", call_duration="x"))
    with subprocess.Popen(  # noqa: S603 - our own script
        [sys.executable, "-c", OTHER_RUN, str(path), schema(), line],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == b"half\n"
        yield process


@pytest.fixture
def ours(
    path: Path,
    other_run: subprocess.Popen[bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[threading.Thread]:
    """A thread that appends a row, and waits for the lock of the other run."""
    _ = other_run
    asked, lockf = threading.Event(), fcntl.lockf

    def ask(*arguments: Any) -> None:
        asked.set()
        lockf(*arguments)

    monkeypatch.setattr(fcntl, "lockf", ask)
    file = RejectedFile(path, utc_now)
    write(file, "ours")
    thread = threading.Thread(target=file.sync)
    thread.start()
    wait_until(lambda: asked.is_set() or not thread.is_alive(), "the lock or the end")
    yield thread
    file.close()


def test_a_line_that_another_run_is_writing_is_not_cut(
    path: Path, other_run: subprocess.Popen[bytes], ours: threading.Thread
) -> None:
    other_run.communicate()
    ours.join()
    assert users(path) == ["other", "ours"]


def test_nothing_is_appended_to_a_file_that_another_run_has_taken_meanwhile(
    path: Path, other_run: subprocess.Popen[bytes], ours: threading.Thread
) -> None:
    taken = path.with_suffix(".retrying")
    path.rename(taken)
    other_run.communicate()
    ours.join()
    assert users(taken) == ["other"]
    assert users(path) == ["ours"]


def test_a_row_is_in_one_file_if_another_run_takes_that_right_afterwards(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken, locked = path.with_suffix(".retrying"), shared_file.locked

    @contextlib.contextmanager
    def take_afterwards(file: FileIO) -> Iterator[None]:
        with locked(file):
            yield
        if not taken.exists():
            path.rename(taken)

    monkeypatch.setattr(shared_file, "locked", take_afterwards)
    file = RejectedFile(path, utc_now)
    write(file, "ours")
    file.sync()
    file.close()
    assert users(taken) == ["ours"]
    assert not path.exists()


def test_a_file_of_another_user_is_found_before_the_run(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.touch()
    owner = path.stat().st_uid
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    with pytest.raises(OutputError, match="belongs to another user"):
        RejectedFile(path, utc_now).check()


@pytest.mark.parametrize(
    ("use", "option"), [("standard output", "stdout"), ("the log", "stderr")]
)
def test_the_file_that_output_goes_to_is_refused(
    config: Config, tmp_path: Path, use: str, option: str
) -> None:
    output, log = tmp_path / "output", tmp_path / "log"
    files = {"stdout": output, "stderr": log}
    config["rejected_path"] = str(files[option])
    (tmp_path / "config.json").write_text(json.dumps(config))
    with output.open("wb") as stdout, log.open("wb") as stderr:
        done = subprocess.run(
            [sys.executable, "-m", "target_contentsquare", "--config", "config.json"],
            input=f"{schema()}\n".encode(),
            stdout=stdout,
            stderr=stderr,
            cwd=tmp_path,
            check=False,
        )
    assert done.returncode == 1
    assert f"rejected_path is the file that {use} goes to: name a" in log.read_text()
    assert output.read_bytes() == b""


def test_the_config_file_is_refused(
    config: Config, command: Runner, tmp_path: Path
) -> None:
    config["rejected_path"] = str(tmp_path / "config.json")
    done = command(config, [schema(), record(call(call_duration="x"))])
    assert done.exit_code == 1
    (line,) = done.errors
    assert line == "rejected_path is the file of --config: name a file of its own"
    assert json.loads((tmp_path / "config.json").read_text()) == config


@pytest.mark.parametrize("of_stream", [False, True])
def test_the_file_of_an_integration_schema_is_refused(
    config: Config, run: Runner, path: Path, *, of_stream: bool
) -> None:
    field = {"name": "call_duration", "type": "INT", "optional": True}
    path.write_text(json.dumps({"fields": [field]}))
    config["rejected_path"] = str(path)
    holder = config["streams"]["*"] if of_stream else config
    holder["integration_schema"] = str(path)
    done = run(config, [schema(), record(call(call_duration="x"))])
    assert done.exit_code == 1
    (line,) = done.errors
    setting = "streams.*.integration_schema" if of_stream else "integration_schema"
    assert f"rejected_path is the file of {setting}: " in line
    assert path.read_text() == json.dumps({"fields": [field]})
