"""`--test`: signs in for every project that is configured, and sends nothing."""

import pytest

from target_contentsquare.sandbox import Fault, Sandbox
from tests.conftest import config_for
from tests.runs import Config, Runner


def test_it_prints_project_and_endpoint(
    config: Config, command: Runner, sandbox: Sandbox
) -> None:
    done = command(config, [], "--test")
    assert done.exit_code == 0, done.printed
    assert done.stdout == f"project 162: signed in, endpoint {sandbox.url}\n"
    assert sandbox.requests == []


def test_every_project_is_signed_in_for_once(
    config: Config, run: Runner, sandbox: Sandbox
) -> None:
    config["streams"] = {
        "a": {"project_id": 163},
        "b": {"project_id": 163},
        "c": {},
        "d": {"project_id": "property"},
    }
    done = run(config, test=True)
    assert done.exit_code == 0
    assert [line.split(":")[0] for line in done.stdout.splitlines()] == [
        "project 163",
        "project 162",
    ]
    assert len(sandbox.token_requests) == 2


def test_credentials_of_a_project_know_theirs(run: Runner, sandbox: Sandbox) -> None:
    config = config_for(
        sandbox,
        client_id="sandbox-162",
        client_secret="sandbox-162-secret",  # noqa: S106 - the sandbox's own
    )
    del config["project_id"]
    done = run(config, test=True)
    assert (done.exit_code, done.stdout[:12]) == (0, "project 162:")


def test_projects_that_only_rows_name(
    config: Config, run: Runner, sandbox: Sandbox
) -> None:
    config["streams"] = {"calls": {"project_id": "property"}}
    del config["project_id"]
    done = run(config, test=True)
    assert done.exit_code == 0
    assert "none to sign in for" in done.stdout
    assert sandbox.token_requests == []


def test_it_says_what_is_wrong(config: Config, run: Runner) -> None:
    done = run(config | {"client_secret": "wrong"}, test=True)
    assert (done.exit_code, len(done.errors)) == (1, 1)
    assert "client_secret" in done.errors[0]
    assert "wrong" not in done.printed


def test_a_project_that_is_not_covered(config: Config, run: Runner) -> None:
    config["streams"] = {"a": {"project_id": 999}, "b": {}}
    done = run(config, test=True)
    assert (done.exit_code, len(done.errors)) == (1, 1)
    assert "project 999" in done.errors[0]


@pytest.mark.parametrize(
    "fault",
    [
        Fault(status=503, on="token", count=None),
        Fault(drop="before", on="token", count=None),
    ],
)
def test_an_endpoint_in_trouble(
    config: Config, run: Runner, sandbox: Sandbox, fault: Fault
) -> None:
    sandbox.add_fault(fault)
    done = run(config, test=True)
    assert (done.exit_code, len(done.errors)) == (1, 1)
    assert "auth_url" in done.errors[0]


def test_it_does_not_read_its_input(config: Config, run: Runner) -> None:
    assert run(config, ["not JSON"], test=True).exit_code == 0
