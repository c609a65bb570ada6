"""`validate_records`: each schema is read as the draft of JSON schema that it is."""

from pathlib import Path
from typing import Any

import pytest

from target_contentsquare.sandbox import Sandbox
from tests.runs import Config, Run, Runner
from tests.singer_input import CALLS, call, record, schema, state

DRAFT = "http://json-schema.org/draft-0{}/schema#"
DRAFTS = [
    *(DRAFT.format(number) for number in (4, 6, 7)),
    "https://json-schema.org/draft/2019-09/schema",
    "https://json-schema.org/draft/2020-12/schema",
]


@pytest.fixture
def validate(config: Config, run: Runner, tmp_path: Path) -> Any:
    """Return a function that validates rows of one more property, `x`.

    The first row of the input is good.
    """
    rejected = tmp_path / "rejected.singer"
    config |= {"validate_records": True, "rejected_path": str(rejected)}
    config["streams"] = {"calls": {"fields": {"duration": "call_duration"}}}

    def validate(described: Any, *values: object, **more: Any) -> Run:
        lines = [schema(properties={**CALLS, "x": described}, **more)]
        lines += [record(call("good"))]
        lines += [record(call(f"u-{n}", x=value)) for n, value in enumerate(values)]
        return run(config, [*lines, state(1)])

    return validate


def counts(done: Run) -> tuple[int, int]:
    """Return how many rows were delivered and rejected, besides the good one."""
    assert (done.exit_code, done.states) == (0, [1]), done.printed
    rejected = done.metric["rejected"]
    assert rejected.keys() <= {"invalid_record"}
    return done.metric["delivered"] - 1, rejected.get("invalid_record", 0)


@pytest.mark.parametrize(
    ("described", "good", "bad"),
    [
        # What only draft 4 knows.
        ({"type": "number", "maximum": 5, "exclusiveMaximum": True}, 4.5, 5),
        ({"type": "number", "minimum": 5, "exclusiveMinimum": True}, 6, 5),
        (
            {
                "type": ["null", "number"],
                "multipleOf": 1e-38,
                "minimum": -1e62,
                "exclusiveMinimum": True,
                "maximum": 1e62,
                "exclusiveMaximum": True,
            },
            12345.67,
            1e62,
        ),
        # What only drafts from 6 on know.
        ({"type": "number", "exclusiveMaximum": 5}, 4.5, 5),
        ({"const": "a"}, "a", "b"),
        # Tuples: until 2019-09 in `items`, then in `prefixItems`.
        (
            {"type": "array", "items": [{"type": "integer"}, {"type": "string"}]},
            [1, "a"],
            ["a", 1],
        ),
        (
            {"type": "array", "items": [{"type": "integer"}], "additionalItems": False},
            [1],
            [1, 2],
        ),
        ({"type": "array", "prefixItems": [{"type": "integer"}]}, [1], ["a"]),
        ({"dependentRequired": {"a": ["b"]}}, {"a": 1, "b": 1}, {"a": 1}),
        # What all of them know.
        ({"type": "string", "pattern": "^a+$"}, "aa", "ab"),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, 1, "a"),
        ({"$ref": "#/properties/call_duration"}, 1, "a"),
        (False, None, 1),
    ],
)
def test_a_schema_that_names_no_draft(
    validate: Any, described: Any, good: object, bad: object
) -> None:
    goods = () if described is False else (good,)
    assert counts(validate(described, *goods, bad)) == (len(goods), 1)


@pytest.mark.parametrize("uri", DRAFTS)
@pytest.mark.parametrize(
    "spelled",
    [
        lambda uri: uri,
        lambda uri: uri.removesuffix("#"),
        lambda uri: uri.replace("http://", "https://"),
    ],
)
def test_a_schema_that_names_its_draft(validate: Any, uri: str, spelled: Any) -> None:
    """A `const` means nothing in draft 4, and one value in all later ones."""
    done = validate({"const": "a"}, "a", "b", **{"$schema": spelled(uri)})
    assert counts(done) == ((2, 0) if "draft-04" in uri else (1, 1))


@pytest.mark.parametrize(
    "uri", ["http://example.com/own", "", "no uri [", DRAFT.format(3), "a#b"]
)
def test_a_schema_that_names_no_known_draft(validate: Any, uri: str) -> None:
    described = {"type": "number", "maximum": 5, "exclusiveMaximum": True}
    assert counts(validate(described, 4.5, 5, **{"$schema": uri})) == (1, 1)


@pytest.mark.parametrize(
    ("described", "more"),
    [
        ({"type": "number", "minimum": "x"}, {}),
        ({"type": "text"}, {}),
        ({"type": "string", "required": True}, {}),
        ({"type": "string"}, {"required": True}),
        ({"type": "number", "multipleOf": 0}, {}),
        ({"properties": [1]}, {}),
        (7, {}),
        ({"maximum": 5, "exclusiveMaximum": True}, {"$schema": DRAFTS[-1]}),
        ({"exclusiveMaximum": 5}, {"$schema": DRAFTS[0]}),
    ],
)
def test_what_is_valid_in_no_draft_names_the_stream_and_the_cure(
    validate: Any, described: Any, more: dict[str, Any]
) -> None:
    done = validate(described, 1, **more)
    assert (done.exit_code, done.states, len(done.errors)) == (1, [], 1), done.printed
    for word in ("'calls'", "not a valid JSON schema", "validate_records"):
        assert word in done.errors[0]


@pytest.mark.parametrize(
    "described",
    [
        {"type": "string", "pattern": r"^\p{L}+$"},
        {"type": "string", "pattern": "["},
        {"type": "string", "pattern": r"(?<name>a)"},
        {"type": "object", "patternProperties": {r"\p{L}": {"type": "integer"}}},
        {
            "type": "object",
            "patternProperties": {r"\p{L}": {}},
            "additionalProperties": False,
        },
        {
            "type": "object",
            "patternProperties": {r"\p{L}": {}},
            "unevaluatedProperties": False,
        },
        {"propertyNames": {"pattern": r"\p{L}"}},
        {"anyOf": [{"pattern": r"\p{L}"}, {"type": "null"}]},
    ],
)
def test_patterns_that_python_does_not_know_are_left_out(
    validate: Any, described: Any
) -> None:
    value: object = {"é": 1} if described.get("type") == "object" else "é"
    done = validate(described, value, "7" if value == "é" else 7)
    delivered, rejected = counts(done)
    assert (delivered, rejected) == ((2, 0) if value == "é" else (1, 1))
    (warning,) = [text for text in done.warnings if "leaves out patterns" in text]
    assert "'calls'" in warning


def test_a_property_may_have_the_name_of_a_keyword(validate: Any) -> None:
    described = {
        "type": "object",
        "properties": {"pattern": {"type": "string"}, "enum": {"type": "integer"}},
    }
    rows = ({"pattern": "[", "enum": 1}, {"pattern": 1})
    assert counts(validate(described, *rows)) == (1, 1)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"flattening_enabled": True, "flattening_max_depth": 2},
        {"stream_maps": {"calls": {"length": "session_number + 1"}}},
        {"stream_maps": {"calls": {"x": None}}},
    ],
)
def test_the_row_is_checked_as_it_arrived(
    config: Config,
    run: Runner,
    sandbox: Sandbox,
    tmp_path: Path,
    changes: dict[str, Any],
) -> None:
    config |= {"validate_records": True, "rejected_path": str(tmp_path / "r")}
    site = {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
        "additionalProperties": False,
    }
    properties = {**CALLS, "_sdc_sequence": {"type": "integer"}, "site": site, "x": {}}
    required = ["_sdc_sequence", "site", "x"]
    good = call("a", _sdc_sequence=1, site={"city": "R"}, x=1)
    bad: list[dict[str, object]] = [{"site": {}}, {"y": 1}, {"site": None}]
    lines = [
        schema(properties=properties, required=required, additionalProperties=False),
        record(good),
        *(record({**good, **changed}) for changed in bad),
        record({name: value for name, value in good.items() if name != "x"}),
        state(1),
    ]
    done = run({**config, **changes}, lines)
    assert (done.exit_code, done.states) == (0, [1]), done.printed
    assert done.metric["rejected"] == {"invalid_record": 4}
    assert len(sandbox.enrichments) == 1


def test_all_that_does_not_fit_is_told(validate: Any, tmp_path: Path) -> None:
    done = validate({"type": "integer", "enum": [1]}, "a")
    assert counts(done) == (0, 1)
    text = (tmp_path / "rejected.singer").read_text("utf-8")
    assert "is not of type 'integer'" in text
    assert "is not one of [1]" in text


def test_nothing_is_downloaded(validate: Any, sandbox: Sandbox) -> None:
    done = validate({"$ref": f"{sandbox.url}/schema.json"}, 1)
    assert (done.exit_code, len(done.errors)) == (1, 1)
    assert "$ref that leads nowhere" in done.errors[0]
    assert sandbox.requests == []


@pytest.mark.parametrize("levels", [100, 400])
def test_schemas_and_rows_nested_deep_are_no_defect(validate: Any, levels: int) -> None:
    described: dict[str, Any] = {"type": "string"}
    value: object = "a"
    for _ in range(levels):
        described = {"type": "object", "properties": {"a": described}}
        value = {"a": value}
    done = validate(described, value)
    assert "defect" not in done.printed
    done = validate({"$ref": "#/$defs/N"}, value, **{
        "$defs": {"N": {"properties": {"a": {"$ref": "#/$defs/N"}}}}
    })  # fmt: skip
    assert "defect" not in done.printed
    assert done.exit_code == 0
