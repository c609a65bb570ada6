"""Standard output: state lines as the tap wrote them, and nothing else."""

import io
import json
import logging
import sys
from typing import Any

import pytest

from target_contentsquare.errors import OutputError
from target_contentsquare.singer.stdout import discard_state, write_state
from tests.runs import Config, Runner
from tests.singer_input import calls, schema


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


@pytest.mark.parametrize(
    "text", ["é", "\u2028", "😀", "漢字 and more", "\x7f", "\\ud800"]
)
def test_no_locale_keeps_a_state_from_being_printed(
    capsysbinary: pytest.CaptureFixture[bytes], text: str
) -> None:
    state = f'{{"bookmark": "{text}"}}'
    write_state(state.encode())
    printed = capsysbinary.readouterr().out
    assert printed.isascii()
    assert printed.count(b"\n") == 1
    assert json.loads(printed) == json.loads(state)


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
