"""The SDK's command line, as its users know it, with our two options."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from target_contentsquare.sandbox import Sandbox
from target_contentsquare.singer.target import TargetContentsquare
from tests.conftest import config_for
from tests.runs import Config, Runner, run_command
from tests.singer_input import call, calls, record, schema, state


def invoke(*options: str) -> Result:
    """In this process; for what ends before it reads."""
    return CliRunner().invoke(TargetContentsquare.cli, options)


def test_as_a_module(sandbox: Sandbox, tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text(json.dumps(config_for(sandbox)))
    # The module is the one under test.
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-m", "target_contentsquare", "--config", str(path)],
        input="".join(f"{one}\n" for one in (schema(), *calls(2), state({"at": 2}))),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout == '{"at": 2}\n'
    assert len(sandbox.enrichments) == 2


def test_help_names_every_option() -> None:
    shown = invoke("--help").output
    for option in ("--config", "--input", "--about", "--test", "--propose-schema"):
        assert option in shown


def test_help_says_what_it_does_with_examples_and_exit_codes() -> None:
    shown = invoke("--help").output
    assert "Enrichment API" in shown
    assert "standard output" in shown
    assert (
        shown.count("\n    tap-csv") + shown.count("\n    target-contentsquare --") == 3
    )
    for code in ("0 ", "1 ", "2 ", "130, 143 "):
        assert f"\n    {code}" in shown


def test_version() -> None:
    assert "target-contentsquare v" in invoke("--version").output


@pytest.mark.parametrize("form", [[], ["--format=json"], ["--format=markdown"]])
def test_about_names_every_setting(form: list[str]) -> None:
    done = invoke("--about", *form)
    assert done.exit_code == 0
    for name in TargetContentsquare.config_jsonschema["properties"]:
        assert name in done.stdout


def test_about_as_text_says_what_each_setting_means() -> None:
    words = " ".join(invoke("--about").stdout.split())
    schema = TargetContentsquare.config_jsonschema
    mapping = schema["properties"]["streams"]["additionalProperties"]["properties"]
    for name, setting in {**schema["properties"], **mapping}.items():
        assert f" {name} (" in words
        assert " ".join(setting["description"].split()) in words, name
    assert "client_secret (string, required, secret)" in words
    assert "batch_size_rows (integer, default 200)" in words
    assert 'session_number (string, default "session_number")' in words


def test_about_as_json_has_title_and_description_of_every_setting() -> None:
    about = json.loads(invoke("--about", "--format=json").stdout)
    settings = about["settings"]["properties"]
    for name, setting in settings.items():
        assert setting.get("description"), name
        assert setting.get("title"), name
    assert settings["client_secret"]["secret"] is True
    assert settings["client_id"]["secret"] is True


@pytest.mark.parametrize("name", ["load_method", "add_record_metadata", "faker_config"])
def test_settings_that_mean_nothing_here_are_not_offered(name: str) -> None:
    assert name not in invoke("--about").stdout


def test_an_option_that_there_is_none_of() -> None:
    done = invoke("--no-such-option")
    assert done.exit_code == 2
    assert "Traceback" not in done.output


def test_an_input_file_that_there_is_none_of(config: Config, command: Runner) -> None:
    done = command(config, [], "--input", "nowhere.singer")
    assert done.exit_code == 2
    assert "nowhere.singer" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_input_file(
    config: Config, command: Runner, sandbox: Sandbox, tmp_path: Path
) -> None:
    path = tmp_path / "rows.singer"
    path.write_text(f"{schema()}\n{record(call())}\n{state(1)}\n")
    done = command(config, [], "--input", str(path))
    assert (done.exit_code, done.states) == (0, [1])
    assert len(sandbox.enrichments) == 1


DATA = Path(__file__).parent / "data"


def test_two_streams_of_a_file(
    config: Config, command: Runner, sandbox: Sandbox
) -> None:
    config["streams"] = {
        "calls": {},
        "chats": {"session_key": "visitor", "enrichment_number": 2},
    }
    done = command(config, [], "--input", str(DATA / "calls-and-chats.singer"))
    assert done.exit_code == 0, done.printed
    bookmark = {"replication_key_value": "2026-11-20T11:00:00Z"}
    assert done.states[-1] == {"bookmarks": {"calls": bookmark}}
    values = {tuple(key): fields for key, fields in sandbox.enrichments.items()}
    assert values[162, "aaa", 5, 1]["call_center_name"] == "PARIS"
    assert values[162, "aaa", 5, 2] == {"csat": 4, "agent": "Zoé"}
    assert (done.metric["read"], done.metric["merged"]) == (4, 1)


def test_some_bad_rows_of_a_file(
    config: Config, command: Runner, sandbox: Sandbox, tmp_path: Path
) -> None:
    config["rejected_path"] = str(tmp_path / "rejected.singer")
    done = command(config, [], "--input", str(DATA / "some-bad-rows.singer"))
    assert (done.exit_code, done.states) == (0, [{"at": 5}]), done.printed
    assert {key.user_id for key in sandbox.enrichments} == {"good", "empty"}
    assert done.metric["rejected"] == {
        "string_too_long": 1,
        "invalid_datetime": 1,
        "invalid_session_number": 1,
    }


@pytest.mark.parametrize("text", ["{", "", "7", "[]", '"x"', "\x00", "[" * 100_000])
def test_a_config_file_that_holds_no_config(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, text: str
) -> None:
    path = tmp_path / "config.json"
    path.write_text(text)
    done = invoke("--config", str(path))
    assert done.exit_code == 1
    (message,) = caplog.messages
    assert message.startswith(f"--config '{path}': not ")
    assert message.endswith(("a JSON object", "valid JSON, see line 1, column 1", "2"))


def test_a_config_file_that_there_is_none_of(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    done = run_command(["--config", str(path)], [schema()])
    assert done.exit_code == 1
    assert done.errors == [f"--config '{path}': can't be read: {os.strerror(2)}"], (
        done.printed
    )


def test_later_config_files_override_earlier_ones(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    first, second = tmp_path / "a.json", tmp_path / "b.json"
    wrong = config_for(sandbox, client_secret="wrong")  # noqa: S106 - no secret
    first.write_text(json.dumps(wrong))
    second.write_text(json.dumps({"client_secret": sandbox.client_secret}))
    options = ["--config", str(first), "--config", str(second)]
    done = run_command(options, [schema(), record(call())])
    assert done.exit_code == 0, done.printed
    assert len(sandbox.enrichments) == 1


def test_a_file_and_the_environment_together(sandbox: Sandbox, tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    config = config_for(sandbox)
    del config["client_secret"]
    path.write_text(json.dumps(config))
    secret = {"TARGET_CONTENTSQUARE_CLIENT_SECRET": sandbox.client_secret}
    options = ["--config", str(path), "--config", "ENV"]
    done = run_command(options, [schema(), record(call())], secret, tmp_path)
    assert done.exit_code == 0, done.printed


def test_a_log_level_that_there_is_none_of() -> None:
    level = {"TARGET_CONTENTSQUARE_LOGLEVEL": "verbose"}
    done = run_command(["--version"], [], level)
    assert done.exit_code == 1
    assert done.stderr.startswith("TARGET_CONTENTSQUARE_LOGLEVEL, LOGLEVEL: must be ")
    assert done.stderr.count("\n") == 1
