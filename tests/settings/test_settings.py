"""Settings: what is allowed, what the errors say, where they may come from."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from target_contentsquare.sandbox import Sandbox
from tests.runs import Config, Runner
from tests.singer_input import call, calls, schema, state, stream_of

INT = {"name": "call_duration", "type": "INT", "optional": True}


def fields(*given: object) -> dict[str, object]:
    return {"fields": list(given)}


BAD: list[tuple[dict[str, Any], list[str]]] = [
    ({"client_id": None}, ["client_id"]),
    ({"client_id": ""}, ["client_id", "not empty"]),
    ({"client_secret": ""}, ["client_secret", "not empty"]),
    ({"project_id": "162"}, ["project_id", "integer"]),
    ({"project_id": 0}, ["project_id", "at least 1"]),
    ({"project_id": 1.5}, ["project_id", "integer"]),
    ({"project_id": True}, ["project_id", "integer"]),
    ({"integration_version": 0}, ["integration_version", "at least 1"]),
    ({"streams": {}}, ["streams", "at least one"]),
    ({"streams": []}, ["streams", "object"]),
    ({"streams": {"calls": []}}, ["streams.calls", "object"]),
    ({"streams": {"calls": {"user": "x"}}}, ["streams.calls", "'user'", "user_id"]),
    ({"streams": {"calls": {"user_id": ""}}}, ["streams.calls.user_id", "not empty"]),
    ({"streams": {"calls": {"user_id": 7}}}, ["streams.calls.user_id", "string"]),
    (
        {"streams": {"calls": {"enrichment_number": 4}}},
        ["streams.calls.enrichment_number", "at most 3"],
    ),
    (
        {"streams": {"calls": {"enrichment_number": 0}}},
        ["streams.calls.enrichment_number", "at least 1"],
    ),
    ({"streams": {"calls": {"fields": {}}}}, ["streams.calls.fields"]),
    ({"streams": {"calls": {"fields": {"a": 1}}}}, ["streams.calls.fields.a"]),
    ({"streams": {"calls": {"fields": ["a"]}}}, ["streams.calls.fields", "object"]),
    (
        {"streams": {"calls": {"session_key": "k", "user_id": "u"}}},
        ["streams.calls", "session_key"],
    ),
    ({"max_session_age_days": 0}, ["max_session_age_days", "more than 0"]),
    ({"max_session_age_days": 7.1}, ["max_session_age_days", "at most 7"]),
    ({"batch_size_rows": 0}, ["batch_size_rows", "at least 1"]),
    ({"batch_size_rows": 201}, ["batch_size_rows", "at most 200"]),
    ({"max_parallel_requests": 0}, ["max_parallel_requests", "at least 1"]),
    ({"max_parallel_requests": 65}, ["max_parallel_requests", "at most 64"]),
    ({"truncate_strings": "yes"}, ["truncate_strings", "boolean"]),
    ({"rejected_path": ""}, ["rejected_path", "not empty"]),
    ({"max_rejected": -1}, ["max_rejected", "at least 0"]),
    ({"max_retry_seconds": -1}, ["max_retry_seconds", "at least 0"]),
    ({"max_retry_seconds": "long"}, ["max_retry_seconds", "number"]),
    ({"request_timeout_seconds": 0}, ["request_timeout_seconds", "more than 0"]),
    ({"dry_run": "yes"}, ["dry_run", "boolean"]),
    ({"auth_url": "http://api.contentsquare.com/x"}, ["auth_url", "https"]),
    ({"auth_url": "api.contentsquare.com"}, ["auth_url", "https"]),
    ({"auth_url": "https://"}, ["auth_url", "https"]),
    ({"oauth_scope": ""}, ["oauth_scope", "not empty"]),
    ({"validate_records": 1}, ["validate_records", "boolean"]),
    ({"stream_maps": []}, ["stream_maps", "object"]),
    ({"integration_schema": 7}, ["integration_schema", "object or string"]),
    ({"integration_schema": {}}, ["integration_schema", "fields"]),
    ({"integration_schema": fields()}, ["integration_schema", "at least one"]),
    ({"integration_schema": fields(7)}, ["integration_schema.fields[0]"]),
    ({"integration_schema": fields({"name": "a"})}, ["fields[0].type", "STRING"]),
    (
        {"integration_schema": fields({"name": "a", "type": "TEXT"})},
        ["integration_schema.fields[0].type", "DATETIME"],
    ),
    ({"integration_schema": fields(INT, INT)}, ["fields[1]", "'call_duration'"]),
    ({"integration_schema": fields({**INT, "name": ""})}, ["fields[0]", "empty"]),
    (
        {"integration_schema": fields({**INT, "name": "é" * 26})},
        ["fields[0]", "52 bytes"],
    ),
    (
        {"integration_schema": fields({**INT, "optional": "no"})},
        ["fields[0].optional", "true or false"],
    ),
    (
        {"integration_schema": fields(*({**INT, "name": f"n{n}"} for n in range(11)))},
        ["integration_schema", "11", "INT", "10"],
    ),
    ({"integration_schema": "/nowhere.json"}, ["integration_schema", "/nowhere.json"]),
    ({"integration_schema": " {broken"}, ["integration_schema", "JSON"]),
    (
        {"streams": {"calls": {"integration_schema": fields(INT, 7)}}},
        ["streams.calls.integration_schema.fields[1]"],
    ),
    ({"project_id": float("nan")}, ["project_id"]),
    ({"max_retry_seconds": float("inf")}, ["max_retry_seconds", "finite"]),
    (
        {"project_id": None, "streams": {"a": {"project_id": 1}, "b": {}}},
        ["project_id", "streams.b"],
    ),
]


@pytest.mark.parametrize(("changes", "words"), BAD)
def test_an_error_names_the_setting_and_says_what_is_allowed(
    config: Config,
    run: Runner,
    sandbox: Sandbox,
    changes: Mapping[str, Any],
    words: list[str],
) -> None:
    config |= changes
    done = run(config, [schema(), *calls(1), state(1)])
    assert (done.exit_code, done.states, len(done.errors)) == (1, [], 1), done.printed
    for word in words:
        assert word in done.errors[0]
    assert "Traceback" not in done.printed
    assert sandbox.token_requests == []


def test_all_errors_are_told_at_once(config: Config, run: Runner) -> None:
    done = run(config | {"batch_size_rows": 0, "max_rejected": -1}, [])
    assert len(done.errors) == 1
    assert "batch_size_rows" in done.errors[0]
    assert "max_rejected" in done.errors[0]


def test_what_is_required_is_named(run: Runner) -> None:
    done = run({}, [])
    for name in ("client_id", "client_secret", "streams"):
        assert name in done.errors[0]


def test_what_is_required_may_be_there_under_another_name(
    config: Config, run: Runner
) -> None:
    config["clientid"] = config.pop("client_id")
    done = run(config, [])
    assert "client_id: is required; is it 'clientid'?" in done.errors[0]


def test_an_unknown_setting_is_warned_about(config: Config, run: Runner) -> None:
    done = run(config | {"batch_size": 7}, [])
    assert done.exit_code == 0
    assert any("batch_size_rows" in text for text in done.warnings)


# The integration schema


@pytest.fixture(params=["object", "text", "file"])
def registered(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """An integration schema in all the forms that the setting takes."""
    given = fields(INT, {"name": "call_center_name", "type": "STRING"})
    path = tmp_path / "integration.json"
    path.write_text(json.dumps(given))
    forms = {"object": given, "text": json.dumps(given), "file": str(path)}
    return forms[request.param]


@pytest.mark.parametrize("at_top", [False, True])
def test_rows_are_converted_to_the_integration_schema(
    config: Config, run: Runner, sandbox: Sandbox, registered: Any, *, at_top: bool
) -> None:
    place = config if at_top else config["streams"]["*"]
    place["integration_schema"] = registered
    run(config, stream_of([call(call_duration="60", call_center_name=7)]))
    (sent,) = sandbox.enrichments.values()
    assert sent == {"call_duration": 60, "call_center_name": "7"}


def test_a_stream_has_its_own_schema_before_the_one_at_the_top(
    config: Config, run: Runner, sandbox: Sandbox
) -> None:
    own = fields({"name": "call_duration", "type": "STRING"})
    config |= {
        "integration_schema": fields(INT),
        "streams": {"calls": {"integration_schema": own}, "*": {}},
    }
    run(config, stream_of([call("a")]) + stream_of([call("b")], stream="chats"))
    values = {key.user_id: v for key, v in sandbox.enrichments.items()}
    assert values == {"a": {"call_duration": "60"}, "b": {"call_duration": 60}}


@pytest.mark.parametrize("text", ["not JSON", "", "[1]", '{"fields": 7}', "\x00"])
def test_a_schema_file_that_is_none(
    config: Config, run: Runner, tmp_path: Path, text: str
) -> None:
    path = tmp_path / "integration.json"
    path.write_text(text)
    done = run(config | {"integration_schema": str(path)}, [schema()])
    assert (done.exit_code, len(done.errors)) == (1, 1)
    assert "integration_schema" in done.errors[0]


def test_a_field_that_the_schema_does_not_have(config: Config, run: Runner) -> None:
    config |= {
        "integration_schema": fields(INT),
        "streams": {"*": {"fields": {"duration": "call_duration"}}},
    }
    done = run(config, [schema()])
    assert (done.exit_code, len(done.errors)) == (1, 1)
    assert "streams.*.fields.duration" in done.errors[0]
    assert "'call_duration'" in done.errors[0]


def test_a_required_field_that_is_not_mapped(config: Config, run: Runner) -> None:
    config["integration_schema"] = fields(INT, {"name": "agent", "type": "STRING"})
    done = run(config, [schema()])
    assert (done.exit_code, len(done.errors)) == (1, 1)
    assert "'agent'" in done.errors[0]
    assert "'call_center_name'" in done.errors[0]


def test_a_long_name_is_warned_about(config: Config, run: Runner) -> None:
    long = {**INT, "name": "n" * 31}
    done = run(config | {"integration_schema": fields(INT, long)}, [])
    assert done.exit_code == 0
    assert any("n" * 31 in text for text in done.warnings)


@pytest.mark.parametrize(
    "changes",
    [
        {"project_id": 162.0},
        {"integration_version": 1.0},
        {"batch_size_rows": 2.0, "max_parallel_requests": 8.0, "max_rejected": 3.0},
        {"streams": {"*": {"enrichment_number": 2.0, "project_id": 162.0}}},
    ],
)
def test_integral_numbers_are_integers(
    config: Config, run: Runner, sandbox: Sandbox, changes: dict[str, Any]
) -> None:
    done = run(config | changes, [schema(), *calls(5), state(1)])
    assert (done.exit_code, done.states) == (0, [1]), done.errors
    assert len(sandbox.enrichments) == 5
