"""What the SDK gives on top: stream maps, flattening and validation."""

import json
from pathlib import Path
from typing import Any

import pytest

from target_contentsquare.sandbox import Sandbox
from tests.runs import Config, Runner
from tests.singer_input import CALLS, call, calls, record, schema, state, stream_of


def fields_sent(sandbox: Sandbox) -> list[dict[str, object]]:
    return [dict(fields) for fields in sandbox.enrichments.values()]


def test_expressions_constants_and_renames(
    config: Config, run: Runner, sandbox: Sandbox
) -> None:
    config["stream_map_config"] = {"factor": 60}
    config["stream_maps"] = {
        "calls": {
            "minutes": "float(call_duration) / config['factor']",
            "source": "'crm'",
            "center": "call_center_name",
            "user_id": "user_id + '-x'",
            "__else__": None,
            "session_number": "session_number",
        }
    }
    done = run(
        config, stream_of([call("a", 1, call_duration=90, call_center_name="R")])
    )
    assert done.exit_code == 0, done.printed
    assert sandbox.enrichments == {
        (162, "a-x", 1, 1): {"minutes": 1.5, "source": "crm", "center": "R"}
    }


def test_rows_that_a_filter_removes_are_counted_apart(
    config: Config, run: Runner, sandbox: Sandbox
) -> None:
    config["stream_maps"] = {"calls": {"__filter__": "call_duration > 10"}}
    rows = [call(f"u-{n}", call_duration=n) for n in range(20)]
    done = run(config, [*stream_of(rows), state(1)])
    assert (done.exit_code, done.states) == (0, [1])
    assert (done.metric["read"], done.metric["removed"]) == (9, 11)
    assert len(sandbox.enrichments) == 9
    assert any("11 rows removed by stream_maps" in one for one in done.logged("INFO"))


def test_a_stream_that_is_removed_is_counted_apart(config: Config, run: Runner) -> None:
    config["stream_maps"] = {"chats": None}
    lines = [schema(), *calls(2), schema("chats"), record(call(), "chats"), state(1)]
    done = run(config, lines)
    assert (done.exit_code, done.states) == (0, [1])
    assert (done.metric["read"], done.metric["removed"]) == (2, 1)


def test_all_other_streams_can_be_removed(
    config: Config, run: Runner, sandbox: Sandbox
) -> None:
    config["stream_maps"] = {"calls": {}, "__else__": None}
    lines = [schema(), *calls(2), schema("chats"), record(call(), "chats"), state(1)]
    done = run(config, lines)
    assert (done.exit_code, done.states) == (0, [1]), done.printed
    assert len(sandbox.enrichments) == 2


def test_a_mapping_is_found_by_the_alias(
    config: Config, run: Runner, sandbox: Sandbox
) -> None:
    config["stream_maps"] = {"calls": {"__alias__": "crm-calls"}}
    config["streams"] = {"crm-*": {"enrichment_number": 2}}
    done = run(config, stream_of([call("a")]))
    assert done.exit_code == 0, done.printed
    assert [key.enrichment_number for key in sandbox.enrichments] == [2]
    assert list(done.metric["streams"]) == ["crm-calls"]


def test_one_stream_becomes_two(config: Config, run: Runner, sandbox: Sandbox) -> None:
    config["stream_maps"] = {
        "calls": {},
        "again": {"__source__": "calls", "call_duration": "call_duration + 1"},
    }
    config["streams"] = {"calls": {}, "again": {"enrichment_number": 2}}
    done = run(config, [*stream_of([call("a", call_duration=1)]), state(1)])
    assert (done.exit_code, done.states) == (0, [1]), done.printed
    values = {k.enrichment_number: v for k, v in sandbox.enrichments.items()}
    assert values == {1: {"call_duration": 1}, 2: {"call_duration": 2}}


@pytest.mark.parametrize("alike", [True, False])
def test_two_streams_become_one(
    config: Config, run: Runner, sandbox: Sandbox, tmp_path: Path, *, alike: bool
) -> None:
    rejected = tmp_path / "rejected.singer"
    config |= {
        "stream_maps": {"eu": {"__alias__": "calls"}, "us": {"__alias__": "calls"}},
        "streams": {"calls": {"fields": {"duration": "call_duration"}}},
        "rejected_path": str(rejected),
    }
    other = CALLS if alike else {**CALLS, "more": {"type": "string"}}
    lines = [schema("eu"), schema("us", other)]
    for n in range(3):
        lines += [record(call(f"eu-{n}"), "eu"), record(call(f"us-{n}"), "us")]
    lines.append(record(call("bad", call_duration="x"), "eu"))
    done = run(config, [*lines, state(1)])
    assert (done.exit_code, done.states) == (0, [1]), done.printed
    assert len(sandbox.enrichments) == 6
    assert (done.metric["read"], done.metric["removed"]) == (7, 0)
    written = [json.loads(line) for line in rejected.read_text().splitlines()]
    assert [one["stream"] for one in written] == ["eu", "eu"]
    assert written[1]["record"]["user_id"] == "bad"


def test_a_schema_that_comes_with_every_row(
    config: Config, run: Runner, sandbox: Sandbox
) -> None:
    config["stream_maps"] = {"calls": {"call_duration": "call_duration + 1"}}
    lines = [one for row in calls(1500) for one in (schema(), row)]
    done = run(config, [*lines, state(1)])
    assert (done.exit_code, done.states) == (0, [1]), done.errors
    assert len(sandbox.enrichments) == 1500


def test_a_schema_that_comes_again_warns_once(config: Config, run: Runner) -> None:
    nested = schema(properties={**CALLS, "nested": {"type": "object"}})
    done = run(config, [nested, *calls(1), nested, *calls(1)])
    assert len(done.warnings) == 1, done.warnings


def test_a_long_run_through_the_sdk_does_not_fill_the_log(
    config: Config, run: Runner
) -> None:
    config["stream_maps"] = {"calls": {"call_duration": "call_duration + 1"}}
    few = run(config, [schema(), *calls(100)])
    many = run(config, [schema(), *calls(2000)])
    few_lines, many_lines = (
        # After two seconds there is a line of progress, and a machine may be that slow.
        [line for line in done.stderr.splitlines() if "| so far, " not in line]
        for done in (few, many)
    )
    assert len(many_lines) == len(few_lines)


@pytest.mark.parametrize(
    ("maps", "words"),
    [
        ({"calls": 7}, ["stream_maps.calls", "object"]),
        ({"calls": {"__else__": "x"}}, ["stream_maps.calls.__else__", "null"]),
        ({"calls": {"x": 7}}, ["stream_maps.calls.x", "expression"]),
        ({"calls": {"__key_properties__": "id"}}, ["__key_properties__", "list"]),
        ({"calls": {"x": "1 +"}}, ["stream_maps"]),
        ({"calls": {"__filter__": "("}}, ["stream_maps"]),
        ({"calls": {"__alias__": None}}, ["stream_maps"]),
        ({"calls": {"x": "no_such_function(1)"}}, ["'calls', row 1", "stream_maps"]),
        ({"calls": {"x": "no_such_property"}}, ["'calls', row 1", "stream_maps"]),
        ({"calls": {"x": "int(user_id)"}}, ["'calls', row 1", "stream_maps"]),
    ],
)
def test_maps_that_cannot_be_followed(
    config: Config, run: Runner, maps: dict[str, Any], words: list[str]
) -> None:
    config["stream_maps"] = maps
    done = run(config, [*stream_of([call("someone")]), state(1)])
    assert (done.exit_code, done.states, len(done.errors)) == (1, [], 1), done.printed
    assert "defect in this target" not in done.errors[0]
    assert "someone" not in done.printed
    for word in words:
        assert word in done.errors[0]


def test_a_row_without_what_an_expression_needs_says_which(
    config: Config, run: Runner
) -> None:
    config["stream_maps"] = {"calls": {"x": "int(call_center_name)"}}
    rows = [call("a", call_center_name="1"), call("b", call_center_name="two")]
    done = run(config, [*stream_of(rows), state(1)])
    assert (done.exit_code, done.states, len(done.errors)) == (1, [], 1)
    assert "'calls', row 2" in done.errors[0]


# Flattening


def test_nested_properties_are_flattened(
    config: Config, run: Runner, sandbox: Sandbox
) -> None:
    config |= {"flattening_enabled": True, "flattening_max_depth": 2}
    config["streams"] = {
        "*": {"user_id": "cs__user", "fields": {"city": "agent__site__city"}}
    }
    text = {"type": "string"}
    site = {"type": "object", "properties": {"city": text}}
    properties: dict[str, dict[str, Any]] = {
        "cs": {"type": "object", "properties": {"user": text}},
        "session_number": {"type": "integer"},
        "agent": {"type": "object", "properties": {"site": site}},
    }
    row = {"cs": {"user": "a"}, "session_number": 1, "agent": {"site": {"city": "R"}}}
    done = run(config, stream_of([row], properties))
    assert done.exit_code == 0, done.printed
    assert sandbox.enrichments == {(162, "a", 1, 1): {"city": "R"}}


# Validation of whole rows


STRICT = {**CALLS, "unmapped": {"type": "integer", "minimum": 0}}


@pytest.mark.parametrize(
    "changes",
    [
        {"unmapped": -1},
        {"unmapped": "7"},
        {"has_called": "yes"},
        {"call_duration": 1.5},
    ],
)
def test_a_row_that_breaks_its_schema_is_rejected_as_a_whole(
    config: Config, run: Runner, tmp_path: Path, changes: dict[str, object]
) -> None:
    rejected = tmp_path / "rejected.singer"
    config |= {"validate_records": True, "rejected_path": str(rejected)}
    done = run(config, [*stream_of([call(), {**call(), **changes}], STRICT), state(1)])
    assert (done.exit_code, done.states) == (0, [1]), done.printed
    assert done.metric["rejected"] == {"invalid_record": 1}
    assert done.metric["delivered"] == 1
    note = json.loads(rejected.read_text().splitlines()[1])["rejected"]
    assert (note["reason"], note["field"]) == ("invalid_record", None)
    assert note["detail"]


def test_without_validation_only_what_is_sent_is_checked(
    config: Config, run: Runner
) -> None:
    done = run(config, stream_of([call(unmapped=-1)], STRICT))
    assert (done.exit_code, done.metric["delivered"]) == (0, 1)
    done = run(config, [schema(required=["call_date"]), record(call())])
    assert (done.exit_code, done.metric["delivered"]) == (0, 1)


def test_a_row_without_a_required_property(config: Config, run: Runner) -> None:
    config["validate_records"] = True
    done = run(config, [schema(required=["call_date"]), record(call()), state(1)])
    assert (done.exit_code, done.states, len(done.errors)) == (1, [], 1)
    assert "'calls', row 1" in done.errors[0]
    assert "invalid_record" in done.errors[0]


@pytest.mark.parametrize("key", ["id", "_sdc_sequence"])
@pytest.mark.parametrize("changes", [{}, {"validate_records": True}])
def test_a_key_property_need_not_be_mapped(
    config: Config, run: Runner, sandbox: Sandbox, changes: dict[str, Any], key: str
) -> None:
    config |= changes
    config["streams"] = {"calls": {"fields": {"duration": "call_duration"}}}
    line = schema(properties={**CALLS, key: {}}, key_properties=[key])
    done = run(config, [line, record({**call(), key: 7}), state(1)])
    assert (done.exit_code, done.states) == (0, [1]), done.errors
    assert len(sandbox.enrichments) == 1


def test_decimal_steps_are_validated_as_written(
    config: Config, run: Runner, sandbox: Sandbox
) -> None:
    price = {"type": ["number", "null"], "multipleOf": 0.01}
    rows = [record(call(f"u-{n}", price=n / 100)) for n in range(435, 445)]
    done = run(
        {**config, "validate_records": True},
        [schema(properties={**CALLS, "price": price}), *rows],
    )
    assert done.exit_code == 0, done.printed
    assert len(sandbox.enrichments) == 10


@pytest.mark.parametrize(
    ("step", "value", "is_valid"),
    [
        (1e-38, "12.5", True),
        (0.01, "1e30", True),
        (0.01, "12345678901234567890123456789", True),
        (2, "1" * 40, False),
        (0.01, "1e400", False),
        (0.01, "-Infinity", False),
    ],
)
def test_steps_that_are_tiny_beside_the_value(  # noqa: PLR0913, PLR0917 - parameters
    config: Config,
    run: Runner,
    tmp_path: Path,
    step: float,
    value: str,
    is_valid: bool,  # noqa: FBT001 - a parameter
) -> None:
    config |= {"validate_records": True, "rejected_path": str(tmp_path / "rejected")}
    config["streams"] = {"calls": {"fields": {"duration": "call_duration"}}}
    price = {"type": ["number", "null"], "multipleOf": step}
    line = record(call(price="here")).replace('"here"', value)
    done = run(config, [schema(properties={**CALLS, "price": price}), line])
    assert done.exit_code == (0 if is_valid else 1), done.printed
    assert done.metric["rejected"] == ({} if is_valid else {"invalid_record": 1})


def test_a_map_for_a_stream_that_never_came_is_warned_about(
    config: Config, run: Runner
) -> None:
    done = run({**config, "stream_maps": {"callss": {"x": "1"}}}, [schema()])
    assert "stream_maps.callss: no such stream in the input" in done.printed
