"""What a person at a terminal sees."""

import fcntl
import io
import json
import logging
import os
import pty
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from target_contentsquare.sandbox import Sandbox
from target_contentsquare.singer.terminal import LiveLine
from tests.conftest import Clock
from tests.runs import Config, Runner
from tests.singer_input import calls, schema

DRY: Config = {"dry_run": True, "streams": {"*": {}}}


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def at_terminal(folder: Path, text: bytes | None, **environment: str) -> str:
    """What a dry run prints on a terminal; without text, that is its input too."""
    config = folder / "config.json"
    config.write_text(json.dumps(DRY))
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
    command = [sys.executable, "-m", "target_contentsquare", "--config", str(config)]
    with subprocess.Popen(  # noqa: S603 - the command is the one under test
        command,
        stdin=theirs if text is None else subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=theirs,
        env={**os.environ, **environment},
        cwd=folder,
    ) as process:
        os.close(theirs)
        if text is None:
            os.write(ours, b"\x04")  # Ctrl-D
        else:
            process.communicate(text, timeout=60)
        printed = _read_to_the_end(ours)
    assert process.returncode == 0, printed
    return printed


def _read_to_the_end(terminal: int) -> str:
    pieces: list[bytes] = []
    while True:
        try:
            piece = os.read(terminal, 65_536)
        except OSError:  # Linux says so when the other side has closed
            piece = b""
        if not piece:
            os.close(terminal)
            return b"".join(pieces).decode()
        pieces.append(piece)


ROWS = "".join(f"{line}\n" for line in [schema(), *calls(300)]).encode()


def test_one_line_is_drawn_and_the_log_stands_above_it(tmp_path: Path) -> None:
    printed = at_terminal(tmp_path, ROWS)
    assert "0 read, 0 would be delivered, 0 rejected, 0 rows/s; " in printed
    assert "so far" not in printed
    log = [line for line in printed.split("\n") if "| INFO " in line]
    # What was drawn before is cleared: each line begins after a carriage return.
    assert all(line.startswith("20") or "\r20" in line for line in log)
    assert len(log) > 5
    assert "300 read = 300 would be delivered" in printed


def test_no_line_is_drawn_where_only_warnings_are_wanted(tmp_path: Path) -> None:
    level = {"TARGET_CONTENTSQUARE_LOGLEVEL": "WARNING"}
    assert "rows/s" not in at_terminal(tmp_path, ROWS, **level)


def test_it_says_that_it_waits_for_what_is_typed(tmp_path: Path) -> None:
    assert "pipe a tap in" in at_terminal(tmp_path, None)


def test_elsewhere_no_line_is_drawn_and_the_library_is_not_loaded(
    config: Config, command: Runner, sandbox: Sandbox
) -> None:
    done = command(config, [schema(), *calls(3)], environment={"PYTHONVERBOSE": "1"})
    assert done.exit_code == 0
    assert "import 'msgspec" in done.stderr
    assert "import 'tqdm" not in done.stderr
    assert "rows/s" not in done.stderr
    assert len(sandbox.enrichments) == 3


def test_the_line_is_drawn_five_times_a_second(
    clock: Clock,
) -> None:
    terminal = Terminal()
    drawn: list[float] = []

    def text() -> str:
        drawn.append(clock.now)
        return "the line"

    line = LiveLine(terminal, clock)
    for _ in range(10):
        line.draw(text)
        clock.now += 0.101
    line.close()
    assert len(drawn) == 5
    assert terminal.getvalue().count("the line") == 5


def test_the_log_goes_on_as_before_after_the_line(clock: Clock) -> None:
    terminal = Terminal()
    handler = logging.StreamHandler(terminal)
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        line = LiveLine(terminal, clock)
        line.draw(lambda: "the line")
        root.warning("a warning")
        assert "\ra warning\n" in terminal.getvalue()
        line.close()
        assert handler.stream is terminal
    finally:
        root.removeHandler(handler)


@pytest.mark.parametrize("level", [logging.INFO, logging.WARNING])
def test_the_sdk_does_not_tell_how_it_reads_the_config(run: Runner, level: int) -> None:
    assert "env var" not in run(DRY, [schema()], level=level).printed
