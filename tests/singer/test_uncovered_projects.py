"""Rows that name a project which the credentials don't cover."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from target_contentsquare.sandbox import Sandbox
from tests.singer_input import CALLS, call, record, schema, state

if TYPE_CHECKING:
    from pathlib import Path

    from tests.runs import Config, Runner

PROPERTIES = {**CALLS, "project": {"type": "integer"}}


@pytest.fixture
def rejected(tmp_path: Path, config: Config) -> Path:
    path = tmp_path / "rejected.singer"
    config["rejected_path"] = str(path)
    return path


@pytest.fixture(autouse=True)
def _by_row(config: Config) -> None:
    """The rows say which project they are for."""
    del config["project_id"]
    config["streams"] = {"calls": {"project_id": "project"}}


def lines(*projects: int) -> list[str]:
    rows = [
        record(call(f"u-{number}", project=project))
        for number, project in enumerate(projects)
    ]
    return [schema(properties=PROPERTIES), *rows, state({"at": len(projects)})]


def test_they_are_rejected_and_the_others_delivered(
    config: Config, run: Runner, rejected: Path, sandbox: Sandbox
) -> None:
    done = run(config, lines(162, 999, 163, 999))
    assert (done.exit_code, done.states) == (0, [{"at": 4}]), done.printed
    assert {key.user_id for key in sandbox.enrichments} == {"u-0", "u-2"}
    assert done.metric["rejected"] == {"invalid_project_id": 2}
    _, *rows = map(json.loads, rejected.read_text().splitlines())
    for row in rows:
        assert row["record"]["project"] == 999
        note = row["rejected"]
        assert (note["reason"], note["field"]) == ("invalid_project_id", "project_id")
        assert "HTTP 403" in note["detail"]
    assert sum("no token for project 999" in line for line in done.warnings) == 1


def test_one_token_is_asked_for_however_many_batches_there_are(
    config: Config, run: Runner, rejected: Path, sandbox: Sandbox
) -> None:
    config |= {"batch_size_rows": 1, "max_parallel_requests": 1}
    done = run(config, lines(*[999] * 20, 162))
    assert done.metric["rejected"] == {"invalid_project_id": 20}
    asked = [request.project_id for request in sandbox.token_requests]
    assert asked == [999, 162]
    assert rejected.exists()


def test_without_a_place_for_them_the_first_one_ends_the_run(
    config: Config, run: Runner
) -> None:
    done = run(config, lines(999))
    assert (done.exit_code, done.states) == (1, [])
    (line,) = done.errors
    assert "stream 'calls', row 1, field 'project_id': invalid_project_id" in line


def test_a_project_without_credentials_of_its_own_is_one_of_them(
    run: Runner, config: Config, rejected: Path
) -> None:
    own = {"client_id": "own", "client_secret": "own-secret"}
    with Sandbox(credentials={162: own}) as sandbox:
        config |= {"auth_url": sandbox.auth_url, "credentials": {"162": own}}
        del config["client_id"], config["client_secret"]
        done = run(config, lines(162, 163))
        assert {key.user_id for key in sandbox.enrichments} == {"u-0"}
    assert (done.exit_code, done.states) == (0, [{"at": 2}]), done.printed
    note = json.loads(rejected.read_text().splitlines()[1])["rejected"]
    assert note["reason"] == "invalid_project_id"
    assert "no credentials for project 163" in note["detail"]


@pytest.mark.parametrize(
    "settings",
    [
        {"project_id": 999, "streams": {"calls": {}}},
        {
            "streams": {
                "other": {"project_id": 999},
                "calls": {"project_id": "project"},
            }
        },
    ],
)
def test_a_project_that_a_setting_names_ends_the_run(
    config: Config, run: Runner, rejected: Path, settings: dict[str, Any]
) -> None:
    done = run(config | settings, lines(999))
    assert (done.exit_code, done.states) == (1, [])
    (line,) = done.errors
    assert "no token for project 999" in line
    assert not rejected.exists()
