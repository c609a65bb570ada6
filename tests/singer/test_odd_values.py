"""Odd values from a config, the environment, a row or an answer: one line each."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from target_contentsquare.sandbox import Fault, Sandbox
from tests.runs import run_command
from tests.singer_input import CALLS, call, calls, record, schema, state, stream_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.runs import Config, Run, Runner

ROWS = [schema(), *calls(2), state({"at": 2})]


def assert_one_line(done: Run, *words: str) -> None:
    assert (done.exit_code, done.states) == (1, []), done.printed
    (line,) = done.errors
    assert "defect" not in line
    assert "Traceback" not in done.printed
    for word in words:
        assert word in line


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"expires_in": int("9" * 401)}, ["'expires_in'"]),
        ({"expires_in": "9" * 401}, ["'expires_in'"]),
        ({"project_id": "9" * 5_000}, ["'project_id'"]),
        ({"endpoint": "https://.example.com"}, ["'endpoint'"]),
    ],
)
def test_answers_of_the_token_endpoint(
    config: Config, run: Runner, sandbox: Sandbox, changes: Any, words: list[str]
) -> None:
    grant = {"access_token": "t", "expires_in": 60, "endpoint": sandbox.url, **changes}
    fault = Fault(on="token", status=200, body=json.dumps(grant), count=None)
    sandbox.add_fault(fault)
    assert_one_line(run(config, ROWS), *words)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"project_id": "9" * 5_000}, ["project_id"]),
        ({"request_timeout_seconds": 1e308}, ["request_timeout_seconds", "3600"]),
        ({"auth_url": "https://.example.com/token"}, ["auth_url"]),
        (
            {"stream_maps": {"calls": {"a": "+".join(["call_duration"] * 3_000)}}},
            ["stream_maps.calls.a"],
        ),
    ],
)
def test_settings(config: Config, run: Runner, changes: Any, words: list[str]) -> None:
    assert_one_line(run({**config, **changes}, ROWS), *words)


def test_a_project_of_a_row_with_thousands_of_digits_is_rejected(
    config: Config, run: Runner, tmp_path: Path
) -> None:
    config |= {
        "streams": {"calls": {"project_id": "project"}},
        "rejected_path": str(tmp_path / "rejected.singer"),
    }
    long = '{"user_id": "u", "session_number": 1, "call_duration": 1, "project": %s}'
    row = f'{{"type": "RECORD", "stream": "calls", "record": {long}}}'
    lines = [row % ("9" * 5_000), row % f'"{"9" * 5_000}"']
    good = record(call(project=162))
    given = schema(properties={**CALLS, "project": {"type": ["integer", "string"]}})
    done = run(config, [given, *lines, good, state({"at": 3})])
    assert (done.exit_code, done.states) == (0, [{"at": 3}]), done.printed
    assert done.metric["rejected"] == {"invalid_project_id": 2}


@pytest.mark.parametrize("proxy", ["http://user:pw-7f3a@", "http://", "user:pw-7f3a@"])
def test_a_proxy_without_a_host(config: Config, command: Runner, proxy: str) -> None:
    config["auth_url"] = "https://api.contentsquare.invalid/v1/oauth/token"
    done = command(config, ROWS, environment={"HTTPS_PROXY": proxy})
    assert_one_line(done, "proxy", "HTTPS_PROXY")
    assert "pw-7f3a" not in done.printed


def test_a_dotenv_in_latin_1(tmp_path: Path) -> None:
    text = "TARGET_CONTENTSQUARE_CLIENT_ID=caf\xe9\n"
    (tmp_path / ".env").write_bytes(text.encode("latin-1"))
    done = run_command(["--config", "ENV"], ROWS, folder=tmp_path)
    assert_one_line(done, ".env", "not UTF-8")


@pytest.mark.parametrize("utf8", ["0", "1"])
def test_files_with_names_beyond_ascii_in_the_locale_c(
    config: Config, command: Runner, tmp_path: Path, utf8: str, sandbox: Sandbox
) -> None:
    folder = tmp_path / "données"
    folder.mkdir()
    field = {"name": "call_duration", "type": "INT", "optional": True}
    schema_file = folder / "schéma.json"
    schema_file.write_text(json.dumps({"fields": [field]}), "utf-8")
    config |= {
        "rejected_path": str(folder / "rejetés.singer"),
        "integration_schema": str(schema_file),
    }
    lines = stream_of([call("u-1"), call("u-2", call_duration="x")])
    environment = {"LC_ALL": "C", "PYTHONUTF8": utf8, "PYTHONCOERCECLOCALE": "0"}
    done = command(config, lines, environment=environment)
    assert done.exit_code == 0, done.printed
    assert {key.user_id for key in sandbox.enrichments} == {"u-1"}
    assert "u-2" in (folder / "rejetés.singer").read_text("utf-8")


#: Opens so many descriptors that it passes on to the command.
WITH_DESCRIPTORS = """
import os, sys
for _ in range(1100):
    os.set_inheritable(os.open(os.devnull, os.O_RDONLY), True)
os.execv(sys.executable, [sys.executable, "-m", "target_contentsquare", *sys.argv[1:]])
"""


def test_over_1020_inherited_descriptors(
    config: Config, tmp_path: Path, sandbox: Sandbox
) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 1_300:
        pytest.skip("this machine allows too few descriptors")
    path = tmp_path / "config.json"
    path.write_text(json.dumps(config))
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 1_300), hard))
    try:
        done = subprocess.run(  # noqa: S603 - our own script
            [sys.executable, "-c", WITH_DESCRIPTORS, "--config", str(path)],
            input="".join(f"{line}\n" for line in ROWS).encode(),
            capture_output=True,
            env=dict(os.environ),
            check=False,
        )
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert done.returncode == 0, done.stderr.decode()
    assert json.loads(done.stdout) == {"at": 2}
    assert len(sandbox.enrichments) == 2
