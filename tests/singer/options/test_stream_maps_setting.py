"""Checking `stream_maps`: each fault is a line that names the entry."""

from typing import Any

import pytest

from target_contentsquare.errors import ConfigError
from target_contentsquare.singer.options.host_settings import check_config, host_schema
from target_contentsquare.singer.options.stream_maps_setting import stream_maps_faults
from tests.runs import Config, Runner
from tests.singer_input import call, stream_of

_EXPRESSION = "must be an expression in a text, or null"
_KEYS = "must be a list of properties, or null"
_LONG = "+".join(["call_duration"] * 300)
_TEXT = "must be a text that is not empty"


@pytest.mark.parametrize(
    ("stream_map", "fault"),
    [
        (7, ": must be an object, or null to leave it out"),
        ("x", ": must be an object, or null to leave it out"),
        ([], ": must be an object, or null to leave it out"),
        ({"__else__": {}}, ".__else__: must be null"),
        ({"__else__": []}, ".__else__: must be null"),
        ({"__else__": "x"}, ".__else__: must be null"),
        ({"__key_properties__": [None]}, f".__key_properties__: {_KEYS}"),
        ({"__key_properties__": [""]}, f".__key_properties__: {_KEYS}"),
        ({"__key_properties__": "id"}, f".__key_properties__: {_KEYS}"),
        ({"__alias__": None}, f".__alias__: {_TEXT}"),
        ({"__alias__": ""}, f".__alias__: {_TEXT}"),
        ({"__source__": 7}, f".__source__: {_TEXT}"),
        ({"__filter__": ""}, f".__filter__: {_EXPRESSION}"),
        ({"__filter__": True}, f".__filter__: {_EXPRESSION}"),
        ({"x": ""}, f".x: {_EXPRESSION}"),
        ({"x": "  \n"}, f".x: {_EXPRESSION}"),
        ({"x": {}}, f".x: {_EXPRESSION}"),
        ({"x": ["y"]}, f".x: {_EXPRESSION}"),
        ({"x": "# nothing"}, ".x: must be an expression in Python"),
        ({"x": "\ud800"}, ".x: must be an expression in Python"),
    ],
)
def test_a_wrong_entry_is_named(stream_map: Any, fault: str) -> None:
    assert list(stream_maps_faults({"calls": stream_map})) == [
        f"stream_maps.calls{fault}"
    ]


@pytest.mark.parametrize("expression", ["1 +", "(", "y\0", "a b", "'" * 3])
def test_an_expression_that_is_not_python(expression: str) -> None:
    (fault,) = stream_maps_faults({"calls": {"x": expression}})
    assert fault.startswith("stream_maps.calls.x: must be an expression in Python")
    assert "\n" not in fault


@pytest.mark.parametrize(
    "expression", ["+".join(["a"] * 3000), "-" * 3000 + "a", "a" + ".b" * 400]
)
def test_an_expression_that_is_too_deep_for_python(expression: str) -> None:
    (fault,) = stream_maps_faults({"calls": {"x": expression}})
    assert fault.endswith("of at most 300 nested operations")


@pytest.mark.parametrize(
    ("entry", "allowed"),
    [({"__else__": {}}, "null"), ({"__elsewhere__": None}, "the name of a stream")],
)
def test_only_else_may_stand_where_a_stream_does(entry: Any, allowed: str) -> None:
    (fault,) = stream_maps_faults(entry)
    (name,) = entry
    assert fault.startswith(f"stream_maps.{name}: must be {allowed}")


@pytest.mark.parametrize(
    "maps",
    [
        None,
        {},
        {"calls": None},
        {"calls": "__NULL__"},
        {"calls": {}},
        {"__else__": None},
        {"__else__": "__NULL__", "calls": {"__else__": None}},
        {"calls": {"__key_properties__": None}, "b": {"__key_properties__": []}},
        {"calls": {"x": None, "y": "__NULL__", "__filter__": None}},
        {"calls": {"__alias__": "a", "__filter__": "x > 1"}, "b": {"__source__": "c"}},
    ],
)
def test_valid_maps_have_no_faults(maps: Any) -> None:
    assert list(stream_maps_faults(maps)) == []


def test_faults_of_the_maps_come_with_those_of_other_settings() -> None:
    config = {"stream_maps": {"calls": 7}, "batch_size_rows": 0, "dry_run": True}
    with pytest.raises(ConfigError) as refused:
        check_config({**config, "streams": {"*": {}}}, host_schema())
    assert refused.value.faults == (
        "batch_size_rows: must be at least 1",
        "stream_maps.calls: must be an object, or null to leave it out",
    )


@pytest.mark.parametrize(
    "maps",
    [None, {"calls": {"__filter__": None}}, {"calls": {"y": _LONG}}],
)
def test_a_run_takes_valid_maps(config: Config, run: Runner, maps: Any) -> None:
    config["streams"] = {"calls": {"fields": {"call_duration": "call_duration"}}}
    done = run(config | {"stream_maps": maps}, stream_of([call()]))
    assert done.exit_code == 0, done.printed
    assert done.metric["delivered"] == 1
