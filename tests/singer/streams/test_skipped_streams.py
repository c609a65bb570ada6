"""Streams that nobody asked for: skipped, warned about once, and not looked into."""

import json
import logging
from pathlib import Path
from typing import Any

import pytest
from singer_sdk.exceptions import SingerSDKError
from singer_sdk.mapper import PluginMapper, RemoveRecordTransform

from target_contentsquare.errors import ConfigError
from target_contentsquare.sandbox import Sandbox
from target_contentsquare.singer.streams.stream_aliases import plan_maps
from tests.runs import Config, Run, Runner
from tests.singer_input import CALLS, call, calls, record, schema, state


def schema_of(stream: str, **message: object) -> str:
    return json.dumps({"type": "SCHEMA", "stream": stream, **message})


def nested(levels: int) -> dict[str, Any]:
    inner: dict[str, Any] = {"type": "string"}
    for _ in range(levels):
        inner = {"type": "object", "properties": {"a": inner}}
    return inner


CLASH = {"a": {"type": "object", "properties": {"b": {}}}, "a__b": {}}
#: SCHEMA messages that are not as they should be.
ODD: dict[str, str] = {
    "no properties": schema_of("other", schema={"type": "object"}),
    "properties are null": schema_of("other", schema={"properties": None}),
    "properties are a list": schema_of("other", schema={"properties": [1]}),
    "a property is a number": schema_of("other", schema={"properties": {"a": 5}}),
    "no schema": schema_of("other"),
    "schema is null": schema_of("other", schema=None),
    "schema is a text": schema_of("other", schema="object"),
    "schema is true": schema_of("other", schema=True),
    "keys are a text": schema_of(
        "other", schema={"properties": {}}, key_properties="id"
    ),
    "keys are numbers": schema_of(
        "other", schema={"properties": {}}, key_properties=[1]
    ),
    "keys are an object": schema_of(
        "other", schema={"properties": {"a": {}}}, key_properties={"a": 1}
    ),
    "a key that no row has": schema_of(
        "other", schema={"properties": {"a": {}}}, key_properties=["id"]
    ),
    "not valid in any draft": schema(
        "other", {"a": {"type": "number", "minimum": "x"}}, required=True
    ),
    "draft 4": schema("other", {"a": {"type": "number", "exclusiveMaximum": True}}),
    "two columns of a name": schema("other", CLASH),
    "nested deep": schema("other", {"a": nested(400)}),
    "lost $ref": schema("other", {"a": {"$ref": "#/nowhere"}}),
    "nothing to send": schema("other", {"user_id": {}, "session_number": {}}),
}
#: Settings that look into schemas.
CHANGES: list[dict[str, Any]] = [
    {},
    {"validate_records": True},
    {"flattening_enabled": True, "flattening_max_depth": 5},
    {"stream_maps": {"calls": {"call_duration": "call_duration"}}},
    {"stream_maps": {"other": {"a": "no_such_thing", "__key_properties__": ["z"]}}},
    {"stream_maps": {"other": {"__alias__": "someone"}}},
    {"stream_maps": {"*": {"__alias__": "__stream_name__"}}},
    {"stream_maps": {"oth*": {"x": None}}},
    {"stream_maps": {"copy": {"__source__": "other", "x": "y"}}},
]
REMOVED: list[dict[str, Any]] = [
    {"stream_maps": {"other": None}},
    {"stream_maps": {"oth*": "__NULL__"}},
    {"stream_maps": {"calls": {}, "__else__": None}},
]


def assert_calls_arrive(done: Run, sandbox: Sandbox) -> None:
    assert (done.exit_code, done.states) == (0, [1]), done.printed
    assert done.metric["delivered"] == 2
    assert {key.user_id for key in sandbox.enrichments} == {"u-0", "u-1"}


@pytest.mark.parametrize("line", ODD.values(), ids=ODD)
@pytest.mark.parametrize("changes", CHANGES)
def test_a_stream_without_a_mapping_is_not_looked_into(
    config: Config, run: Runner, sandbox: Sandbox, line: str, changes: dict[str, Any]
) -> None:
    config |= {"streams": {"calls": {}}, **changes}
    row = record({"a": {"b": 1}}, "other")
    lines = [schema(), *calls(1), line, row, line, row, *calls(1, first=1), state(1)]
    done = run(config, lines)
    assert_calls_arrive(done, sandbox)
    assert done.metric["skipped"] >= 2
    told = [text for text in done.warnings if "is skipped" in text]
    assert len(told) == len(set(told)) >= 1


@pytest.mark.parametrize("line", ODD.values(), ids=ODD)
@pytest.mark.parametrize("changes", REMOVED)
def test_a_stream_that_is_removed_is_not_looked_into(
    config: Config, run: Runner, sandbox: Sandbox, line: str, changes: dict[str, Any]
) -> None:
    config |= {"streams": {"*": {}}, "validate_records": True, **changes}
    row = record({"a": 1}, "other")
    done = run(config, [line, row, schema(), *calls(2), state(1)])
    assert_calls_arrive(done, sandbox)
    assert (done.metric["removed"], done.warnings) == (1, [])


@pytest.mark.parametrize(
    "message",
    [
        {"encoding": {"format": "parquet"}, "manifest": ["file:///nope/a.parquet"]},
        {"encoding": {"format": "jsonl"}, "manifest": ["file:///nope/a.jsonl"]},
        {"encoding": {"format": "jsonl"}, "manifest": ["nofs://bucket/a.jsonl"]},
        {"encoding": {"format": "jsonl", "compression": "zstd"}, "manifest": ["a"]},
        {"encoding": None, "manifest": None},
        {"manifest": 7},
        {},
    ],
)
@pytest.mark.parametrize("changes", [{}, {"stream_maps": {"other": None}}])
def test_its_batch_files_are_not_opened(
    config: Config,
    run: Runner,
    sandbox: Sandbox,
    message: dict[str, Any],
    changes: dict[str, Any],
) -> None:
    config |= {"streams": {"calls": {}}, **changes}
    batch = json.dumps({"type": "BATCH", "stream": "other", **message})
    lines = [schema(), *calls(2), schema("other"), batch, state(1)]
    assert_calls_arrive(run(config, lines), sandbox)


def test_the_files_of_a_stream_that_never_came_are_an_error(
    config: Config, run: Runner
) -> None:
    batch = json.dumps({"type": "BATCH", "stream": "other", "manifest": []})
    done = run({**config, "streams": {"calls": {}}}, [schema(), batch])
    assert (done.exit_code, len(done.errors)) == (1, 1)
    assert "before its SCHEMA" in done.errors[0]


def test_one_copy_of_a_stream_may_be_skipped(
    config: Config, run: Runner, sandbox: Sandbox
) -> None:
    config |= {
        "streams": {"calls": {}},
        "stream_maps": {"copy": {"__source__": "calls", "x": None, "y": "no()"}},
    }
    done = run(config, [schema(), *calls(2), state(1)])
    assert_calls_arrive(done, sandbox)
    assert done.metric["skipped"] == 2


def test_two_maps_of_a_stream_do_not_disturb_each_other(
    config: Config, run: Runner, sandbox: Sandbox
) -> None:
    config["stream_maps"] = {
        "calls": {"call_duration": None, "has_called": "True"},
        "copy": {"__source__": "calls"},
    }
    config["streams"] = {"calls": {}, "copy": {"enrichment_number": 2}}
    done = run(config, [schema(), record(call("a", call_duration=7)), state(1)])
    assert (done.exit_code, done.states) == (0, [1]), done.printed
    sent = {key.enrichment_number: dict(v) for key, v in sandbox.enrichments.items()}
    assert sent == {1: {"has_called": True}, 2: {"call_duration": 7}}


@pytest.mark.parametrize("line", ODD.values(), ids=ODD)
@pytest.mark.parametrize("changes", [*CHANGES[::4], *REMOVED[:1]])
def test_a_proposal_does_not_look_into_it(
    config: Config, run: Runner, line: str, changes: dict[str, Any]
) -> None:
    config |= {"streams": {"calls": {}}, **changes}
    done = run(config, [line, schema(), *calls(1)], propose_schema=True)
    assert done.exit_code == 0, done.printed
    assert "call_duration" in done.stdout


def test_if_every_stream_is_skipped_the_run_fails(config: Config, run: Runner) -> None:
    config["streams"] = {"calls": {}}
    done = run(config, [*ODD.values(), state(1)])
    assert (done.exit_code, done.states, len(done.errors)) == (1, [], 1)
    assert "every stream was skipped" in done.errors[0]


@pytest.mark.parametrize("line", ODD.values(), ids=ODD)
@pytest.mark.parametrize("changes", CHANGES)
def test_with_a_mapping_no_schema_is_a_defect(
    config: Config, run: Runner, tmp_path: Path, line: str, changes: dict[str, Any]
) -> None:
    config |= {"streams": {"*": {}}, "rejected_path": str(tmp_path / "r"), **changes}
    done = run(config, [line, record({"a": {"b": 1}}, "other"), state(1)])
    assert "defect" not in done.printed
    assert len(done.errors) == (1 if done.exit_code else 0)


# Quiet days

EMPTY = schema(properties={})


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"validate_records": True},
        {"flattening_enabled": True, "flattening_max_depth": 1},
        {"stream_maps": {"calls": {"x": "y", "__key_properties__": ["id"]}}},
        {"streams": {"calls": {"fields": {"a": "b"}}}},
    ],
)
@pytest.mark.parametrize("keys", [[], ["id", "_sdc_source_file"]])
def test_a_schema_without_columns_and_no_rows_is_no_error(
    config: Config, run: Runner, changes: dict[str, Any], keys: list[str]
) -> None:
    quiet = schema(properties={}, key_properties=keys)
    done = run({**config, **changes}, [quiet, quiet, state({"at": 1})])
    assert (done.exit_code, done.states) == (0, [{"at": 1}]), done.printed
    assert done.warnings == []


def test_at_its_first_row_the_mapping_is_an_error(config: Config, run: Runner) -> None:
    done = run(config, [EMPTY, record(call()), state(1)])
    assert (done.exit_code, done.states, len(done.errors)) == (1, [], 1)
    assert "streams.*.user_id" in done.errors[0]


def test_columns_may_come_later(config: Config, run: Runner, sandbox: Sandbox) -> None:
    done = run(config, [EMPTY, schema(), *calls(2), state(1)])
    assert_calls_arrive(done, sandbox)


def test_a_quiet_stream_has_nothing_to_propose(config: Config, run: Runner) -> None:
    done = run(config, [EMPTY], propose_schema=True)
    assert (done.exit_code, len(done.errors)) == (1, 1)
    assert "nothing to propose" in done.errors[0]


# Aliases

_MAPS: list[dict[str, Any]] = [
    {},
    {"calls": {}},
    {"calls": None},
    {"calls": "__NULL__"},
    {"__else__": None},
    {"__else__": "__NULL__", "calls": {}},
    {"calls": {"__alias__": "crm"}},
    {"calls": {"__alias__": "crm-calls"}},
    {"calls": {"__alias__": "__stream_name__ + '_x'"}},
    {"calls": {"__alias__": "'quoted'"}},
    {"calls": {"__alias__": "public.calls"}},
    {"c*": {"__alias__": "__stream_name__.upper()"}},
    {"*": {"x": "1"}},
    {"*": None, "calls": {}},
    {"calls": {}, "*": None},
    {"c*": {"__alias__": "one"}, "calls": {"__alias__": "two"}},
    {"copy": {"__source__": "calls"}},
    {"copy": {"__source__": "c*"}},
    {"c*": {"__source__": "c*"}},
    {"calls": {"__source__": "calls"}},
    {"copy": {"__source__": "calls"}, "calls": None},
    {"copy": {"__source__": "calls"}, "more": {"__source__": "*"}, "calls": {}},
    {"chats": {}, "other": {"__source__": "chats"}},
    {"[abc]alls": {}},
    {"CALLS": {}},
]


@pytest.mark.parametrize("maps", _MAPS)
@pytest.mark.parametrize("stream", ["calls", "chats", "c*", "public-calls"])
def test_aliases_are_those_of_the_sdk(stream: str, maps: dict[str, Any]) -> None:
    log = logging.getLogger("sdk")
    ours = PluginMapper({"stream_maps": json.loads(json.dumps(maps))}, log)
    theirs = PluginMapper({"stream_maps": json.loads(json.dumps(maps))}, log)
    try:
        theirs.register_raw_stream_schema(stream, {"properties": dict(CALLS)}, [])
    except SingerSDKError:
        pytest.fail("the SDK takes these maps")
    expected = [
        (found.stream_alias, isinstance(found, RemoveRecordTransform))
        for found in theirs.stream_maps[stream]
    ]
    plans = plan_maps(stream, ours)
    assert [(plan.alias, plan.definition is None) for plan in plans] == expected


@pytest.mark.parametrize("alias", ["2024", "int", "True", "[1]", "None"])
def test_an_alias_that_is_an_expression_but_no_text_is_a_name(
    config: Config, run: Runner, sandbox: Sandbox, alias: str
) -> None:
    config["stream_maps"] = {"calls": {"__alias__": alias}}
    done = run({**config, "streams": {alias: {}}}, [schema(), *calls(2), state(1)])
    assert_calls_arrive(done, sandbox)


@pytest.mark.parametrize(
    "alias", ["1 / 0", "two words", "__stream_name__.nope()", "x(", "'a' + 1"]
)
def test_an_alias_that_fails_names_the_setting(
    config: Config, run: Runner, alias: str
) -> None:
    config["stream_maps"] = {"calls": {"__alias__": alias}}
    done = run(config, [schema(), *calls(1), state(1)])
    assert (done.exit_code, done.states, len(done.errors)) == (1, [], 1)
    assert "stream_maps.calls.__alias__" in done.errors[0]


def test_an_alias_that_fails_is_a_config_error() -> None:
    maps: Any = {"stream_maps": {"calls": {"__alias__": "1 / 0"}}}
    with pytest.raises(ConfigError):
        plan_maps("calls", PluginMapper(maps, logging.getLogger("sdk")))
