"""Variables that a run without `--config ENV` does not read."""

import json
from pathlib import Path
from typing import Any

import pytest

from target_contentsquare.errors import ConfigError
from target_contentsquare.sandbox import Sandbox
from target_contentsquare.singer.options.host_settings import host_schema
from target_contentsquare.singer.options.unread_variables import (
    check_unread_variables,
    unread_variables,
)
from tests.conftest import config_for
from tests.runs import run_command
from tests.singer_input import calls, schema

PREFIX = "TARGET_CONTENTSQUARE_"
FIELDS = {"fields": [{"name": "a", "type": "INT"}]}
STREAMS = {"calls": {"user_id": "u"}}


def unread(config: dict[str, Any], **texts: str) -> list[str]:
    variables = {f"{PREFIX}{name.upper()}": text for name, text in texts.items()}
    return unread_variables(config, host_schema(), PREFIX, variables)


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("project_id", 162, "162"),
        ("project_id", 162.0, "162"),
        ("max_retry_seconds", 1.5, "1.5"),
        ("max_retry_seconds", None, "300"),
        ("dry_run", True, "true"),
        ("dry_run", None, "False"),
        ("client_secret", "s3cret", "s3cret"),
        ("streams", STREAMS, json.dumps(STREAMS)),
        ("streams", STREAMS, str(STREAMS)),
        ("streams", STREAMS, '{"calls.user_id": "u"}'),
        ("streams", {"calls": {"fields": {"a": "b"}}}, '{"calls.fields.a": "b"}'),
        ("streams", {"calls": {"user_id": None}, "b": {}}, "{}"),
        ("integration_schema", FIELDS, json.dumps(FIELDS)),
        ("integration_schema", "schema.json", "schema.json"),
        ("rejected_path", "rejected.singer", ""),
        ("rejected_path", None, " "),
    ],
)
def test_a_variable_that_says_the_same_is_no_matter(
    name: str, value: object, text: str
) -> None:
    assert unread({name: value}, **{name: text}) == []


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("project_id", 162, "163"),
        ("project_id", None, "162"),
        ("project_id", 162, "shop"),
        ("max_retry_seconds", None, "30"),
        ("dry_run", None, "true"),
        ("dry_run", True, "0"),
        ("streams", STREAMS, "{}"),
        ("streams", STREAMS, '{"calls.user_id": "v"}'),
        ("streams", STREAMS, "not JSON"),
        ("streams", STREAMS, "[" * 100_000),
        ("integration_schema", FIELDS, "schema.json"),
        ("rejected_path", None, "rejected.singer"),
    ],
)
def test_a_variable_that_says_something_else_is_found(
    name: str, value: object, text: str
) -> None:
    assert unread({name: value}, **{name: text}) == [name]


def test_only_variables_of_settings_count() -> None:
    variables = {
        f"{PREFIX}LOGLEVEL": "DEBUG",
        f"{PREFIX}_LOAD_SCHEMA": "x",
        f"{PREFIX}STREAMS_CALLS_USER_ID": "x",
        "PROJECT_ID": "7",
    }
    assert unread_variables({}, host_schema(), PREFIX, variables) == []


@pytest.mark.parametrize("name", ["dry_run", "auth_url", "project_id"])
def test_the_run_ends_where_it_would_go_astray(name: str) -> None:
    variables = {f"{PREFIX}{name.upper()}": "7", f"{PREFIX}CLIENT_SECRET": "s3cret"}
    with pytest.raises(ConfigError) as refused:
        check_unread_variables({}, host_schema(), PREFIX, variables)
    (fault,) = refused.value.faults
    assert fault == (
        f"environment variable {PREFIX}{name.upper()} is not what is in use: add "
        "--config ENV to read it, or unset it"
    )


def run_with(sandbox: Sandbox, folder: Path, *options: str, **texts: str) -> Any:
    (folder / "config.json").write_text(json.dumps(config_for(sandbox)))
    variables = {f"{PREFIX}{name.upper()}": text for name, text in texts.items()}
    command = ["--config", "config.json", *options]
    return run_command(command, [schema(), *calls(1)], variables, folder)


def test_a_dry_run_that_would_have_sent(sandbox: Sandbox, tmp_path: Path) -> None:
    done = run_with(sandbox, tmp_path, dry_run="true")
    assert (done.exit_code, len(done.errors)) == (1, 1), done.printed
    assert f"{PREFIX}DRY_RUN" in done.errors[0]
    assert sandbox.token_requests == []


def test_any_other_is_warned_about_by_name(sandbox: Sandbox, tmp_path: Path) -> None:
    done = run_with(sandbox, tmp_path, client_id="s3cret", project_id="162")
    assert done.exit_code == 0, done.printed
    (warning,) = [text for text in done.warnings if "variable" in text]
    assert f"{PREFIX}CLIENT_ID" in warning
    assert "s3cret" not in done.printed


def test_no_warning_where_they_are_read(sandbox: Sandbox, tmp_path: Path) -> None:
    done = run_with(sandbox, tmp_path, "--config", "ENV", batch_size_rows="7")
    assert done.exit_code == 0, done.printed
    assert "variable" not in done.printed
