"""No secret, token or row value in anything that is printed, whatever fails."""

import logging
from pathlib import Path
from typing import Any

import pytest

from target_contentsquare.sandbox import Fault, Sandbox
from tests.runs import Config, Run, Runner
from tests.singer_input import call, record, schema, state

SECRET = "sandbox-secret"  # noqa: S105 - the sandbox's own
MARKER = "marker-7f3a"
LONG = MARKER * 10
DEBUG = {"TARGET_CONTENTSQUARE_LOGLEVEL": "DEBUG"}

ROW = call(MARKER, 1, call_center_name=MARKER, call_date="2026-11-20T00:00:00Z")


def assert_says_nothing(done: Run, *more: str) -> None:
    for secret in (SECRET, MARKER, *more):
        assert secret not in done.printed
    # Tokens of the sandbox are JWTs, all of which begin so.
    assert "eyJ" not in done.printed


def row_lines(**changes: object) -> list[str]:
    return [schema(), record({**ROW, **changes}), state({"at": 1})]


#: What goes wrong: changes of the config, faults, the input.
FAILURES: dict[str, tuple[dict[str, Any], list[Fault], list[str]]] = {
    "nothing": ({}, [], row_lines()),
    "wrong secret": ({"client_secret": SECRET + "x"}, [], row_lines()),
    "project not covered": ({"project_id": 999}, [], row_lines()),
    "bad version": ({"integration_version": 9}, [], row_lines()),
    "server error": (
        {"max_retry_seconds": 0},
        [Fault(status=500, body=f'{{"message": "{MARKER}"}}', count=None)],
        row_lines(),
    ),
    "no connection": (
        {"max_retry_seconds": 0},
        [Fault(drop="before", count=None)],
        row_lines(),
    ),
    "no token connection": (
        {"max_retry_seconds": 0},
        [Fault(drop="before", count=None, on="token")],
        row_lines(),
    ),
    "token twice refused": ({}, [Fault(status=401, count=None)], row_lines()),
    "forbidden": ({}, [Fault(status=403, count=None)], row_lines()),
    "not JSON": ({}, [], [schema(), f'{{"user_id": "{MARKER}"']),
    "not an object": ({}, [], [schema(), f'"{MARKER}"']),
    "not UTF-8": ({}, [], [schema(), f'{{"a": "{MARKER}\udcff"}}']),
    "record is text": ({}, [], [schema(), record(MARKER)]),
    "record before schema": ({}, [], [record(ROW)]),
    "string too long": ({}, [], row_lines(call_center_name=LONG)),
    "wrong type": ({}, [], row_lines(call_duration=MARKER)),
    "invalid datetime": ({}, [], row_lines(call_date=MARKER)),
    "invalid session": ({}, [], row_lines(session_number=MARKER)),
    "invalid start": ({}, [], row_lines(session_started_at=MARKER)),
    "missing key property": (
        {},
        [],
        [schema(key_properties=["other"]), record(ROW), state(1)],
    ),
    "invalid record": (
        {"validate_records": True},
        [],
        row_lines(call_duration=MARKER),
    ),
    "failing expression": (
        {"stream_maps": {"calls": {"x": "int(call_center_name)"}}},
        [],
        row_lines(),
    ),
    "missing name in expression": (
        {"stream_maps": {"calls": {"x": "nothing + call_center_name"}}},
        [],
        row_lines(),
    ),
    "filter by a value": (
        {"stream_maps": {"calls": {"__filter__": "call_center_name"}}},
        [],
        row_lines(),
    ),
    "refused by the API": (
        {},
        [Fault(status=400, body='{"message": "don\'t match expected payload"}')],
        row_lines(),
    ),
}


@pytest.mark.parametrize("level", [logging.DEBUG, logging.INFO, logging.WARNING])
@pytest.mark.parametrize("failure", FAILURES)
def test_no_failure_shows_a_secret_a_token_or_a_value(
    sandbox: Sandbox, config: Config, run: Runner, failure: str, level: int
) -> None:
    changes, faults, lines = FAILURES[failure]
    sandbox.add_fault(*faults)
    done = run({**config, **changes}, lines, level=level)
    assert_says_nothing(done)
    assert done.exit_code == (failure not in {"nothing", "filter by a value"})


@pytest.mark.parametrize(
    "failure", ["string too long", "failing expression", "token twice refused"]
)
def test_nor_does_the_command_with_its_debug_log(
    sandbox: Sandbox, config: Config, command: Runner, failure: str
) -> None:
    changes, faults, lines = FAILURES[failure]
    sandbox.add_fault(*faults)
    done = command({**config, **changes}, lines, environment=DEBUG)
    assert "DEBUG" in done.printed
    assert "Traceback of the error" in done.printed
    assert_says_nothing(done)


@pytest.mark.parametrize("level", ["INFO", "ERROR"])
def test_nor_does_the_command_at_other_levels(
    sandbox: Sandbox, config: Config, command: Runner, level: str
) -> None:
    changes, faults, lines = FAILURES["token twice refused"]
    sandbox.add_fault(*faults)
    levels = {"TARGET_CONTENTSQUARE_LOGLEVEL": level}
    done = command({**config, **changes}, lines, environment=levels)
    assert "token" in done.printed
    assert_says_nothing(done)


def test_rejected_rows_are_in_the_file_only(
    config: Config, command: Runner, tmp_path: Path
) -> None:
    rejected = tmp_path / "rejected.singer"
    config["rejected_path"] = str(rejected)
    lines = [
        schema(),
        record(call(MARKER, 1, call_center_name=LONG)),
        record(call(MARKER, MARKER)),
        state({"at": 1}),
    ]
    done = command(config, lines, environment=DEBUG)
    assert done.exit_code == 1  # since no row was delivered
    assert done.states == [{"at": 1}]
    assert_says_nothing(done)
    assert MARKER in rejected.read_text()


@pytest.mark.parametrize(
    "changes",
    [
        {"client_secret": 77_003_300_77},
        {"client_secret": [f"{MARKER}"]},
        {"client_secret": {MARKER: MARKER}},
        {"client_id": {MARKER: 1}},
        {"client_id": 77_003_300_77},
        {"auth_url": f"http://user:{MARKER}@example.com"},
        {"project_id": MARKER},
        {"streams": MARKER},
        {"streams": {"calls": {"user_id": 77_003_300_77}}},
    ],
)
def test_config_errors_never_repeat_a_value(
    config: Config, run: Runner, changes: dict[str, Any]
) -> None:
    done = run({**config, **changes}, row_lines(), level=logging.DEBUG)
    assert done.exit_code == 1
    assert len(done.errors) == 1
    (name,) = changes
    assert name in done.errors[0]
    assert_says_nothing(done, "7700330077")


def test_a_proxy_password_is_not_shown(config: Config, command: Runner) -> None:
    config["auth_url"] = "https://api.contentsquare.invalid/v1/oauth/token"
    config["max_retry_seconds"] = 0
    proxy = {"HTTPS_PROXY": f"http://user:{MARKER}@127.0.0.1:1", **DEBUG}
    done = command(config, row_lines(), environment=proxy)
    assert done.exit_code == 1
    assert len(done.errors) == 1
    assert_says_nothing(done)
