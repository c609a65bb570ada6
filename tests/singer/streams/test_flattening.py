"""Flattening changes nested properties, and sends all others as they are without it."""

from pathlib import Path
from typing import Any

import pytest
from singer_sdk.helpers._flattening import (
    FlatteningOptions,
)
from singer_sdk.helpers._flattening import (
    flatten_record as flatten_record_of_sdk,
)
from singer_sdk.helpers._flattening import (
    flatten_schema as flatten_schema_of_sdk,
)

from target_contentsquare.errors import ConfigError
from target_contentsquare.sandbox import Sandbox
from target_contentsquare.singer.streams.flattening import Flattening, flatten_schema
from target_contentsquare.singer.streams.json_schema import columns_of
from tests.runs import Config, Runner
from tests.singer_input import CALLS, call, record, schema, state, stream_of

LONG = "the_name_of_a_column_that_goes_on_and_on" * 7
DEFINITIONS: dict[str, Any] = {
    "definitions": {
        "Text": {"type": ["string", "null"]},
        "Day": {"type": "string", "format": "date"},
    }
}

#: JSON schemas of properties that are not nested.
FORMS: dict[str, Any] = {
    "anyOf, integer first": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
    "anyOf, null first": {"anyOf": [{"type": "null"}, {"type": "string"}]},
    "anyOf, number": {"anyOf": [{"type": "number"}, {"type": "null"}]},
    "anyOf, boolean": {"anyOf": [{"type": "boolean"}, {"type": "null"}]},
    "anyOf, string first": {"anyOf": [{"type": "string"}, {"type": "null"}]},
    "anyOf, times": {
        "anyOf": [{"type": "null"}, {"type": "string", "format": "date-time"}]
    },
    "anyOf, no type": {"anyOf": [{}, {"type": "null"}]},
    "anyOf, a list of types": {"anyOf": [{"type": ["integer", "null"]}]},
    "anyOf in anyOf": {"anyOf": [{"anyOf": [{"type": "integer"}]}, {"type": "null"}]},
    "oneOf": {"oneOf": [{"type": "integer"}, {"type": "string"}]},
    "allOf": {"allOf": [{"type": "integer"}, {"minimum": 3}]},
    "title before anyOf": {"title": "T", "anyOf": [{"type": "integer"}]},
    "description before anyOf": {"description": "D", "anyOf": [{"type": "number"}]},
    "default before anyOf": {"default": None, "anyOf": [{"type": "integer"}]},
    "default list": {"default": [], "anyOf": [{"type": "integer"}]},
    "$ref": {"$ref": "#/definitions/Text"},
    "$ref, date": {"$ref": "#/definitions/Day"},
    "$ref in anyOf": {"anyOf": [{"$ref": "#/definitions/Day"}, {"type": "null"}]},
    "$ref to another property": {"$ref": "#/properties/user_id"},
    "$ref to nowhere": {"$ref": "#/definitions/Nothing"},
    "$ref to itself": {"$ref": "#/properties/x"},
    "enum": {"enum": ["a", "b", None]},
    "enum of integers": {"enum": [1, 2]},
    "const": {"const": True},
    "examples": {"examples": ["a"]},
    "examples and type": {"type": "integer", "examples": [1]},
    "no type": {},
    "true": True,
    "false": False,
    "null": {"type": "null"},
    "type is empty": {"type": []},
    "types": {"type": ["integer", "string", "null"]},
    "integer": {"type": "integer"},
    "string": {"type": ["null", "string"], "maxLength": 5},
    "not JSON schema": {"type": 7},
    "text in place of a schema": "string",
}


def flattened(json_schema: dict[str, Any], depth: int = 3, **more: Any) -> Flattening:
    options = FlatteningOptions(enabled=True, max_level=depth, **more)
    return flatten_schema(json_schema, options, "calls")


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("name", ["x", LONG, "a__b", "x.y z"])
@pytest.mark.parametrize("required", [[], ["x", LONG], True])
def test_what_is_not_nested_is_the_same_column(
    form: Any, name: str, required: object
) -> None:
    properties = {"user_id": {"type": "string"}, name: form}
    json_schema = {"properties": properties, "required": required, **DEFINITIONS}
    for depth in (1, 4):
        flat = flattened(json_schema, depth)
        assert columns_of(flat.schema) == columns_of(json_schema)
        for value in (None, 1, 1.5, True, "text", ""):
            row = {"user_id": "u", name: value}
            assert flat.flatten(row) == row


@pytest.mark.parametrize("value", [5, 1.5, "text", "2026-11-24"])
@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_what_is_not_nested_is_sent_the_same(
    config: Config, run: Runner, tmp_path: Path, form: Any, value: object
) -> None:
    """With a field of each name, what is sent and what is rejected is the same."""
    config["rejected_path"] = str(tmp_path / "rejected.singer")
    lines = [
        schema(properties={**CALLS, "x": form}, **DEFINITIONS),
        record(call("a", x=value)),
        record(call("b")),
        state(1),
    ]
    found = []
    for changes in ({}, {"flattening_enabled": True, "flattening_max_depth": 2}):
        with Sandbox() as sandbox:
            done = run({**config, "auth_url": sandbox.auth_url, **changes}, lines)
            found.append((done.exit_code, done.metric["rejected"], sandbox.enrichments))
    assert found[0] == found[1]


def test_a_session_start_in_an_anyof_still_decides_who_is_too_old(
    config: Config, run: Runner
) -> None:
    config |= {"flattening_enabled": True, "flattening_max_depth": 1}
    start = {"anyOf": [{"type": "null"}, {"type": "string", "format": "date-time"}]}
    rows = [call(session_started_at="2020-01-01T00:00:00Z")]
    done = run(config, stream_of(rows, {**CALLS, "session_started_at": start}))
    assert (done.exit_code, done.metric["dropped"]) == (0, {"session_too_old": 1})


# Nested properties

SITE = {
    "type": ["object", "null"],
    "properties": {
        "city": {"type": "string"},
        "tags": {"type": "array", "items": {"type": "string"}},
        "owner": {
            "type": "object",
            "properties": {
                "nameOfTheOwner": {"type": ["string", "null"]},
                "free": {"type": "object"},
            },
        },
    },
}
ORDINARY = {
    "properties": {"id": {"type": "string"}, "site": SITE, "list": {"type": "array"}}
}
ROW = {
    "id": "1",
    "site": {
        "city": "R",
        "tags": ["a", "b"],
        "owner": {"nameOfTheOwner": "N", "free": {"any": 1}},
    },
    "list": [1, {"a": None}],
}


@pytest.mark.parametrize("depth", [1, 2, 3, 9])
@pytest.mark.parametrize("separator", ["__", ".", "-"])
@pytest.mark.parametrize("length", [12, 20, 255])
def test_nested_columns_have_the_names_and_values_that_the_sdk_gives(
    depth: int, separator: str, length: int
) -> None:
    more: Any = {"separator": separator, "max_key_length": length}
    flat = flattened(ORDINARY, depth, **more)
    of_sdk = flatten_schema_of_sdk(ORDINARY, depth, **more)
    assert list(flat.schema["properties"]) == list(of_sdk["properties"])
    expected = flatten_record_of_sdk(ROW, of_sdk, depth, **more)
    assert flat.flatten(ROW) == expected


def test_an_object_that_is_null_or_absent_has_no_columns() -> None:
    flat = flattened(ORDINARY)
    assert flat.flatten({"id": "1", "site": None}) == {"id": "1"}
    assert flat.flatten({"id": "1"}) == {"id": "1"}
    assert flat.flatten({"site": "text"}) == {}
    assert flat.flatten({"not_in_the_schema": {"a": 1}}) == {}


@pytest.mark.parametrize(
    "described",
    [
        {"properties": {"city": {}}},
        {"anyOf": [{"type": "null"}, {"$ref": "#/$defs/Site"}]},
        {"oneOf": [{"type": "object", "properties": {"city": {}}}]},
        {"allOf": [{"$ref": "#/$defs/Site"}, {"description": "D"}]},
        {"$ref": "#/$defs/Site"},
        {"type": ["object", "string"], "properties": {"city": {}}},
    ],
)
def test_objects_are_found_in_every_form(described: Any) -> None:
    site = {"type": "object", "properties": {"city": {"type": "string"}}}
    flat = flattened({"properties": {"site": described}, "$defs": {"Site": site}})
    assert list(flat.schema["properties"]) == ["site__city"]
    assert flat.flatten({"site": {"city": "R"}}) == {"site__city": "R"}


@pytest.mark.parametrize(
    "described",
    [
        {"type": "object"},
        {"type": "array", "items": {"type": "object"}},
        {"type": "object", "properties": {}},
        {"type": "object", "patternProperties": {"a": {}}},
        {"anyOf": [{"type": "string"}, {"type": "object", "properties": {"a": {}}}]},
        {"anyOf": [{"type": "array"}, {"type": "null"}]},
        {"items": {"type": "string"}},
    ],
)
def test_what_states_no_properties_is_sent_as_json_text(described: Any) -> None:
    flat = flattened({"properties": {"x": described}})
    (column,) = columns_of(flat.schema)
    assert (column.name, column.nested, column.typed) == ("x", False, True)
    assert flat.flatten({"x": {"a": [1, None]}}) == {"x": '{"a":[1,null]}'}
    assert flat.flatten({"x": "text"}) == {"x": "text"}


def test_references_into_a_property_that_is_taken_apart_still_count() -> None:
    reference = {"$ref": "#/properties/site/properties/count"}
    site = {"type": "object", "properties": {"count": {"type": "integer"}}}
    json_schema = {"properties": {"site": site, "copy": reference}}
    count, copy = columns_of(flattened(json_schema).schema)
    assert (count.type, count.typed) == (copy.type, copy.typed)


def test_objects_that_refer_to_each_other_end() -> None:
    node = {"type": "object", "properties": {"id": {}, "next": {"$ref": "#/$defs/N"}}}
    json_schema = {"properties": {"first": {"$ref": "#/$defs/N"}}, "$defs": {"N": node}}
    flat = flattened(json_schema, 900)
    assert list(flat.schema["properties"]) == ["first__id", "first__next"]
    row = {"first": {"id": 1, "next": {"id": 2}}}
    assert flat.flatten(row) == {"first__id": 1, "first__next": '{"id":2}'}


@pytest.mark.parametrize(
    ("properties", "options", "words"),
    [
        ({"a": {"properties": {"b": {}}}, "a__b": {}}, {}, ["'a__b'", "separator"]),
        (
            {"a": {"properties": {"b": {}}}, "ab": {}},
            {"separator": ""},
            ["'ab'", "separator"],
        ),
    ],
)
def test_two_columns_never_share_a_name(
    properties: dict[str, Any], options: dict[str, Any], words: list[str]
) -> None:
    with pytest.raises(ConfigError) as failed:
        flattened({"properties": properties}, **options)
    for word in ("'calls'", *words):
        assert word in str(failed.value)


def test_required_names_only_columns_that_are_there() -> None:
    site = {"type": "object", "properties": {"city": {}}, "required": ["city"]}
    json_schema = {
        "properties": {"id": {"type": "integer"}, "site": site},
        "required": ["id", "site", "gone", 7],
    }
    assert flattened(json_schema).schema["required"] == ["id"]


def test_expressions_see_rows_as_they_arrive(
    config: Config, run: Runner, sandbox: Sandbox
) -> None:
    config |= {"flattening_enabled": True, "flattening_max_depth": 2}
    config["stream_maps"] = {
        "calls": {"town": "site['city']", "copy": "call_duration", "__alias__": "c"}
    }
    config["streams"] = {"c": {"fields": {"a": "town", "b": "site__city", "c": "copy"}}}
    rows = [call("a", call_duration=3, site={"city": "R"})]
    done = run(config, stream_of(rows, {**CALLS, "site": SITE}))
    assert done.exit_code == 0, done.printed
    assert sandbox.enrichments == {(162, "a", 1, 1): {"a": "R", "b": "R", "c": 3}}


def test_a_key_property_may_be_an_object(
    config: Config, run: Runner, sandbox: Sandbox
) -> None:
    config |= {"flattening_enabled": True, "flattening_max_depth": 2}
    config["streams"] = {"calls": {"fields": {"oid": "_id__$oid"}}}
    key = {"type": "object", "properties": {"$oid": {"type": "string"}}}
    lines = [
        schema(properties={**CALLS, "_id": key}, key_properties=["_id"]),
        record(call("a", _id={"$oid": "65a"})),
        state(1),
    ]
    done = run(config, lines)
    assert (done.exit_code, done.states) == (0, [1]), done.printed
    assert sandbox.enrichments == {(162, "a", 1, 1): {"oid": "65a"}}


@pytest.mark.parametrize("keys", [[LONG], ["key"], [LONG, "key"]])
@pytest.mark.parametrize("length", [1, 10, 255])
def test_key_properties_are_looked_for_before_names_are_shortened(
    config: Config, run: Runner, sandbox: Sandbox, keys: list[str], length: int
) -> None:
    config |= {
        "flattening_enabled": True,
        "flattening_max_depth": 2,
        "flattening_max_key_length": length,
        "stream_maps": {"calls": {"extra": "'e'"}},
        "streams": {"calls": {"fields": {"extra": "extra"}}},
    }
    keyed = schema(properties={**CALLS, LONG: {}, "key": {}}, key_properties=keys)
    rows = [record(call("a", **{LONG: 1, "key": 2}))]
    done = run(config, [keyed, *rows, state(1)])
    assert (done.exit_code, done.states) == (0, [1]), done.printed
    assert sandbox.enrichments == {(162, "a", 1, 1): {"extra": "e"}}
    done = run(config, [keyed, record(call("a")), state(1)])
    assert "has no key property" in done.errors[0]
