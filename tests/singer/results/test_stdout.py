"""Standard output: state lines as the tap wrote them, and nothing else."""

import contextlib
import fcntl
import io
import json
import logging
import os
import signal
import struct
import subprocess
import sys
import termios
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from target_contentsquare.errors import OutputError
from target_contentsquare.singer.results.stdout import discard_state, write_state
from tests.runs import Config, Runner
from tests.singer_input import calls, schema, state
from tests.target_process import wait_until


@pytest.mark.parametrize(
    "state",
    [
        '{"at": 1.50, "big": 123456789012345678901234567890, "e": 1E5}',
        '{"b":1,"a":2}',
        '"text"',
        "[1,  2]",
        "7",
        "false",
        "{}",
    ],
)
def test_a_state_is_printed_as_the_tap_wrote_it(
    config: Config, run: Runner, state: str
) -> None:
    done = run(config, [schema(), '{"type": "STATE", "value": ' + state + "}"])
    assert (done.exit_code, done.stdout) == (0, f"{state}\n")


@pytest.mark.parametrize("text", ["é", "\u2028", "😀", "漢字 and more", "\x7f"])
@pytest.mark.parametrize("locale", ["C", "C.UTF-8"])
def test_no_locale_keeps_a_state_from_being_printed(
    config: Config, command: Runner, text: str, locale: str
) -> None:
    value = f'{{"bookmark": "{text}"}}'
    line = f'{{"type": "STATE", "value": {value}}}'
    environment = {"LC_ALL": locale, "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = command(config, [schema(), line], environment=environment)
    assert (done.exit_code, done.stdout) == (0, f"{value}\n")


class FullPipe:
    """A pipe that does not block, and has room for a few bytes only."""

    def __init__(self) -> None:
        self.reading, self.writing = os.pipe()
        os.set_blocking(self.writing, False)
        os.set_blocking(self.reading, True)

    def fill(self) -> int:
        """Fill the pipe, and return how many bytes it took."""
        taken = 0
        with contextlib.suppress(BlockingIOError):
            while True:
                taken += os.write(self.writing, b"x" * 4096)
        return taken

    def read(self, size: int) -> bytes:
        found = b""
        while len(found) < size:
            found += os.read(self.reading, size - len(found))
        return found


def test_a_state_goes_whole_through_a_pipe_that_does_not_block(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pipe = FullPipe()
    taken = pipe.fill()
    state = b'{"bookmark": "%b"}' % (b"y" * 1_000_000)
    stdout = os.fdopen(pipe.writing, "w")
    monkeypatch.setattr(sys, "stdout", stdout)
    with stdout, ThreadPoolExecutor(1) as threads:
        found = threads.submit(pipe.read, taken + len(state) + 1)
        write_state(state)
        assert found.result(10)[taken:] == state + b"\n"
    os.close(pipe.reading)


def test_a_full_disk_is_called_so(monkeypatch: pytest.MonkeyPatch) -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        monkeypatch.setattr(sys, "stdout", full)
        with pytest.raises(OutputError, match="the disk is full"):
            write_state(b"{}")


def test_only_state_goes_there_whatever_the_log_level(
    config: Config, run: Runner
) -> None:
    lines = [schema(), *calls(250), '{"type": "STATE", "value": {"at": 1}}']
    done = run(config, lines, level=logging.DEBUG)
    assert done.stdout == '{"at": 1}\n'


class Broken(io.StringIO):
    def write(self, _: str) -> int:
        raise BrokenPipeError(32, "Broken pipe")


@pytest.mark.parametrize("stream", [Broken(), None])
def test_output_that_nobody_reads(monkeypatch: pytest.MonkeyPatch, stream: Any) -> None:
    monkeypatch.setattr(sys, "stdout", stream)
    with pytest.raises(OutputError, match="standard output is closed"):
        write_state(b"{}")


def test_a_dry_run_discards(capsys: pytest.CaptureFixture[str]) -> None:
    discard_state(b"{}")
    assert capsys.readouterr().out == ""


def bytes_in(pipe: int) -> int:
    """Return how many bytes wait in a pipe."""
    answer = fcntl.ioctl(pipe, termios.FIONREAD, b"\0" * 4)
    return int(struct.unpack("i", answer)[0])


@pytest.mark.parametrize("blocks", [True, False])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_while_a_full_pipe_takes_a_state_tears_no_line(
    config: Config, tmp_path: Path, number: signal.Signals, *, blocks: bool
) -> None:
    """As in a container image, which sets PYTHONUNBUFFERED."""
    (tmp_path / "config.json").write_text(json.dumps(config))
    values = [{"at": at, "pad": "x" * 300_000} for at in range(2)]
    reading, writing = os.pipe()
    os.set_blocking(writing, blocks)
    room = fcntl.fcntl(writing, fcntl.F_GETPIPE_SZ)
    with subprocess.Popen(
        [sys.executable, "-m", "target_contentsquare", "--config", "config.json"],
        stdin=subprocess.PIPE,
        stdout=writing,
        stderr=subprocess.DEVNULL,
        cwd=tmp_path,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    ) as process:
        os.close(writing)
        assert process.stdin
        process.stdin.write(f"{schema()}\n{state(values[0])}\n".encode())
        process.stdin.flush()
        wait_until(lambda: bytes_in(reading) == room, "a full pipe")
        process.send_signal(number)
        with os.fdopen(reading, "rb") as output:
            printed = output.read()
        process.stdin.close()
    assert process.returncode == 128 + number
    assert printed.endswith(b"\n")
    assert [json.loads(line) for line in printed.splitlines()] == values[:1]


RECIPE = """
while IFS= read -r line; do last=$line; done < states.jsonl
[ -z "${last:-}" ] || printf '%s\\n' "$last" > state.json
"""


@pytest.mark.parametrize(
    ("printed", "kept"),
    [
        ('{"a":1}\n{"a":2}\n', '{"a":2}\n'),
        ('{"a":1}\n{"a":{"b":2}', '{"a":1}\n'),
        ('{"a":1', None),
        ("", None),
    ],
)
def test_the_recipe_of_the_docs_takes_the_last_whole_line(
    tmp_path: Path, printed: str, kept: str | None
) -> None:
    page = Path(__file__).parents[3] / "docs" / "operating.md"
    assert RECIPE.splitlines()[1] in page.read_text("utf-8")
    (tmp_path / "states.jsonl").write_text(printed)
    subprocess.run(["bash", "-c", RECIPE], cwd=tmp_path, check=False)  # noqa: S603, S607 - as a user does
    state = tmp_path / "state.json"
    assert (state.read_text() if state.exists() else None) == kept
