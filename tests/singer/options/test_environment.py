"""Settings from environment variables, and from a `.env` file."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from target_contentsquare.errors import ConfigError
from target_contentsquare.sandbox import Sandbox
from target_contentsquare.singer.options.environment import read_environment
from target_contentsquare.singer.options.host_settings import host_schema
from tests.conftest import config_for
from tests.runs import run_command
from tests.singer_input import calls, schema

PREFIX = "TARGET_CONTENTSQUARE_"


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No `.env` but those of the tests."""
    monkeypatch.chdir(tmp_path)


def variables(config: Mapping[str, Any]) -> dict[str, str]:
    return {
        f"{PREFIX}{name.upper()}": value
        if isinstance(value, str)
        else json.dumps(value)
        for name, value in config.items()
    }


def test_a_run_with_nothing_but_variables(sandbox: Sandbox, tmp_path: Path) -> None:
    config = config_for(
        sandbox,
        streams={"calls": {"fields": {"d": "call_duration"}}},
        integration_schema={"fields": [{"name": "d", "type": "INT"}]},
        truncate_strings=True,
        max_retry_seconds=1.5,
    )
    lines = [schema(), *calls(2)]
    done = run_command(["--config", "ENV"], lines, variables(config), tmp_path)
    assert done.exit_code == 0, done.printed
    assert [dict(v) for v in sandbox.enrichments.values()] == [{"d": 60}] * 2


def test_a_run_with_a_dotenv_file_in_a_folder_above(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    pairs = variables(config_for(sandbox)).items()
    text = "".join(f"{name}='{value}'\n" for name, value in pairs)
    (tmp_path / ".env").write_text(text)
    folder = tmp_path / "project" / "here"
    folder.mkdir(parents=True)
    lines = [schema(), *calls(1)]
    done = run_command(["--config", "ENV"], lines, folder=folder)
    assert done.exit_code == 0, done.printed
    assert len(sandbox.enrichments) == 1


def test_a_variable_that_cannot_be_read_ends_the_run_in_one_line(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    given = {**variables(config_for(sandbox)), f"{PREFIX}STREAMS": "not JSON"}
    done = run_command(["--config", "ENV"], [schema(), *calls(1)], given, tmp_path)
    assert (done.exit_code, len(done.errors), done.states) == (1, 1, []), done.printed
    assert f"{PREFIX}STREAMS" in done.errors[0]
    assert "not JSON" not in done.printed


def read(monkeypatch: pytest.MonkeyPatch, **values: str) -> dict[str, Any]:
    for name, value in values.items():
        monkeypatch.setenv(f"{PREFIX}{name.upper()}", value)
    return read_environment(host_schema(), PREFIX)


@pytest.mark.parametrize("secret", ["123456", "1e5", "true", "null", "{}", "[1", "a,b"])
def test_a_secret_stays_text(monkeypatch: pytest.MonkeyPatch, secret: str) -> None:
    assert read(monkeypatch, client_secret=secret) == {"client_secret": secret}


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("project_id", "162", 162),
        ("max_retry_seconds", "1.5", 1.5),
        ("max_session_age_days", "3", 3.0),
        ("dry_run", "true", True),
        ("dry_run", "False", False),
        ("dry_run", "1", True),
        ("dry_run", "0", False),
        ("streams", '{"*": {}}', {"*": {}}),
        ("integration_id", "100", 100),
        ("integration_id", "007", "007"),
        ("integration_id", "shop", "shop"),
        ("max_rejected", "20", 20),
        ("max_rejected", "5%", "5%"),
        ("credentials", '{"1": {}}', {"1": {}}),
        # Text that is JSON is told from a path where the settings are read.
        ("integration_schema", '{"fields": []}', '{"fields": []}'),
        ("integration_schema", "schemas/calls.json", "schemas/calls.json"),
    ],
)
def test_a_variable_has_its_settings_type(
    monkeypatch: pytest.MonkeyPatch, name: str, text: str, value: object
) -> None:
    found = read(monkeypatch, **{name: text})
    assert found == {name: value}
    assert type(found[name]) is type(value)


@pytest.mark.parametrize(
    ("name", "text", "allowed"),
    [
        ("project_id", "abc", "integer"),
        ("project_id", "", "integer"),
        ("batch_size_rows", "1e2", "integer"),
        ("max_retry_seconds", "long", "number"),
        ("streams", "not JSON", "object"),
        ("streams", "", "object"),
        ("dry_run", "perhaps", "boolean"),
        ("dry_run", "", "boolean"),
    ],
)
def test_what_cannot_be_read_is_named_with_what_is_allowed(
    monkeypatch: pytest.MonkeyPatch, name: str, text: str, allowed: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        read(monkeypatch, **{name: text})
    message = str(refused.value)
    assert message == f"environment variable {PREFIX}{name.upper()}: must be {allowed}"


def test_a_dotenv_file_fills_in_what_the_environment_lacks(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text(f"{PREFIX}PROJECT_ID=1\n{PREFIX}OAUTH_SCOPE=file\n")
    found = read(monkeypatch, project_id="2")
    assert found == {"project_id": 2, "oauth_scope": "file"}


def test_every_variable_that_cannot_be_read_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(ConfigError) as refused:
        read(monkeypatch, project_id="shop", streams="not JSON")
    assert set(refused.value.faults) == {
        f"environment variable {PREFIX}PROJECT_ID: must be integer",
        f"environment variable {PREFIX}STREAMS: must be object",
    }


def test_a_number_of_absurdly_many_digits(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match="PROJECT_ID: must be integer"):
        read(monkeypatch, project_id="9" * 5000)


def test_a_dotenv_file_may_have_a_byte_order_mark(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_bytes(f"\ufeff{PREFIX}CLIENT_ID=é".encode())
    assert read(monkeypatch) == {"client_id": "é"}


def test_a_dotenv_file_in_latin_1_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / ".env"
    path.write_bytes(f"{PREFIX}CLIENT_ID=é".encode("latin-1"))
    with pytest.raises(ConfigError) as refused:
        read(monkeypatch)
    assert str(refused.value) == f"'{path}': not UTF-8: save it in that encoding"


def test_a_variable_that_is_no_setting_is_told(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    given = {
        **variables(config_for(sandbox)),
        f"{PREFIX}BATCH_SIZE": "100",
        f"{PREFIX}LOGLEVEL": "INFO",
        f"{PREFIX}_LOAD_SCHEMA": "Meltano sets it",
    }
    done = run_command(["--config", "ENV"], [schema(), *calls(1)], given, tmp_path)
    assert done.exit_code == 0, done.printed
    (told,) = [line for line in done.printed.splitlines() if "no setting" in line]
    assert told.endswith(
        "there is no setting 'batch_size', it is ignored; did you mean "
        "'batch_size_rows'?"
    )


def test_nothing_is_no_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROJECT_ID", "162")
    assert read(monkeypatch) == {}
