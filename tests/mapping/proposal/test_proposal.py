"""`--propose-schema`: the integration schema to register, from the streams."""

import json
from typing import Any

from target_contentsquare.sandbox import Sandbox
from tests.runs import Config, Run, Runner
from tests.singer_input import CALLS, call, record, schema, state

IDENTITY: dict[str, dict[str, Any]] = {"user_id": {}, "session_number": {}}


def proposed(done: Run) -> Any:
    assert done.exit_code == 0, done.printed
    return json.loads(done.stdout)


def test_every_mapped_field_with_its_type(
    config: Config, command: Runner, sandbox: Sandbox
) -> None:
    lines = [schema(), record(call()), state(1)]
    document = proposed(command(config, lines, "--propose-schema"))
    types = {one["name"]: one["type"] for one in document["fields"]}
    assert types == {
        "call_center_name": "STRING",
        "call_duration": "INT",
        "call_client_rating": "FLOAT",
        "has_called": "BOOL",
        "call_date": "DATETIME",
    }
    assert (sandbox.requests, sandbox.token_requests) == ([], [])


def test_what_it_proposes_can_be_registered_and_used(
    config: Config, run: Runner
) -> None:
    document = proposed(run(config, [schema()], propose_schema=True))
    with Sandbox(integration_schemas={1: document}) as sandbox:
        config |= {"auth_url": sandbox.auth_url, "integration_schema": document}
        assert run(config, [schema(), record(call())]).exit_code == 0
        assert len(sandbox.enrichments) == 1


def test_label_description_and_optional_come_from_the_streams_schema(
    config: Config, run: Runner
) -> None:
    properties = IDENTITY | {
        "seconds": {
            "type": "integer",
            "title": "Talk time",
            "description": "On the phone",
        },
        "agent_name": {"type": ["string", "null"]},
        "maybe": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
        "unsaid": {"type": "boolean"},
    }
    line = schema(properties=properties, required=["seconds", "agent_name", "maybe"])
    fields = {
        one.pop("name"): one
        for one in proposed(run(config, [line], propose_schema=True))["fields"]
    }
    assert fields["seconds"] == {
        "type": "INT",
        "optional": False,
        "label": "Talk time",
        "description": "On the phone",
    }
    assert fields["agent_name"]["label"] == "Agent name"
    assert [one["optional"] for one in fields.values()] == [False, True, True, True]


def test_one_document_per_integration_version(config: Config, run: Runner) -> None:
    config["streams"] = {"calls": {}, "chats": {"integration_version": 2}}
    done = run(config, [schema(), schema("chats")], propose_schema=True)
    assert set(proposed(done)) == {"1", "2"}


def test_streams_of_one_version_share_their_fields(config: Config, run: Runner) -> None:
    first = IDENTITY | {"both": {"type": "integer"}, "one": {"type": "integer"}}
    second = IDENTITY | {"both": {"type": "string"}}
    lines = [
        schema("calls", first, required=["both", "one"]),
        schema("chats", second, required=["both"]),
    ]
    done = run(config, lines, propose_schema=True)
    fields = {one["name"]: one for one in proposed(done)["fields"]}
    assert fields["both"]["type"] == "STRING"
    assert fields["both"]["optional"] is False
    assert fields["one"]["optional"] is True
    assert any("'both'" in text for text in done.warnings)


def test_a_schema_that_comes_twice_counts_once(config: Config, run: Runner) -> None:
    line = schema(properties=IDENTITY | {"a": {"type": "integer"}}, required=["a"])
    once = proposed(run(config, [line], propose_schema=True))
    assert proposed(run(config, [line, line], propose_schema=True)) == once


def test_too_many_fields_of_a_type_are_explained(config: Config, run: Runner) -> None:
    properties = IDENTITY | {f"n{n}": {"type": "integer"} for n in range(11)}
    done = run(config, [schema(properties=properties)], propose_schema=True)
    assert (done.exit_code, done.stdout, len(done.errors)) == (1, "", 1)
    assert "11" in done.errors[0]
    assert "INT" in done.errors[0]


def test_long_names_are_warned_about(config: Config, run: Runner) -> None:
    properties = IDENTITY | {"n" * 31: {"type": "integer"}}
    done = run(config, [schema(properties=properties)], propose_schema=True)
    assert any("n" * 31 in text for text in done.warnings)


def test_stream_maps_are_taken_into_account(config: Config, run: Runner) -> None:
    config["stream_maps"] = {
        "calls": {"__alias__": "crm", "minutes": "float(call_duration) / 60"}
    }
    config["streams"] = {"crm": {"fields": {"minutes": "minutes"}}}
    document = proposed(run(config, [schema()], propose_schema=True))
    assert [(one["name"], one["type"]) for one in document["fields"]] == [
        ("minutes", "FLOAT")
    ]


def test_input_without_a_mapped_stream_is_an_error(config: Config, run: Runner) -> None:
    config["streams"] = {"other": {}}
    done = run(config, [schema(properties=CALLS)], propose_schema=True)
    assert (done.exit_code, done.stdout, len(done.errors)) == (1, "", 1)
    assert "'calls'" in done.errors[0]


def test_a_broken_line_is_an_error(config: Config, run: Runner) -> None:
    for line in ("not JSON", '{"type": "SCHEMA"}', '{"type": "SCHEMA", "stream": 7}'):
        done = run(config, [schema(), line], propose_schema=True)
        assert (done.exit_code, done.stdout, len(done.errors)) == (1, "", 1)
        assert "line 2" in done.errors[0]


def test_it_needs_no_credentials(command: Runner) -> None:
    done = command(
        {"streams": {"*": {}}, "dry_run": True}, [schema()], "--propose-schema"
    )
    assert len(proposed(done)["fields"]) == 5
