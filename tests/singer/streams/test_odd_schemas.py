"""Whatever a tap writes as a schema or a row, it is no defect in this target."""

import json
import random
from pathlib import Path
from typing import Any

import pytest

from target_contentsquare.sandbox import Sandbox
from tests.runs import Config, Runner
from tests.singer_input import CALLS, call, record, schema, state

_KEYWORDS = [
    "type",
    "properties",
    "anyOf",
    "oneOf",
    "allOf",
    "$ref",
    "items",
    "enum",
    "const",
    "format",
    "required",
    "pattern",
    "patternProperties",
    "additionalProperties",
    "title",
    "description",
    "minimum",
    "multipleOf",
    "$schema",
    "definitions",
    "default",
    "examples",
    "$id",
    "id",
    "x",
    "user_id",
]
_TEXTS = [
    "",
    "string",
    "object",
    "#/properties/x",
    "[",
    r"\p{L}",
    "\ud800",
    "a\nb",
    "é",
    "x",
]
_NUMBERS = [0, 1, -1, 5, 10**30, 1.5, float("nan")]
_MAPS: list[Any] = [
    None,
    {},
    {"x": "x"},
    {"w": None},
    {"__alias__": "'a'"},
    {"__source__": "calls", "x": "record"},
    {"__filter__": "x"},
    {"__else__": None, "user_id": "user_id"},
    {"q": "[1, 2]"},
    {"q": "x['a']"},
    {"__key_properties__": ["w"]},
]


class OddInput:
    """Makes configs, schemas and rows of random parts."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - no secret

    def config(self) -> dict[str, Any]:
        choice, chance = self._random.choice, self._random.random
        made: dict[str, Any] = {
            "streams": choice([{"*": {}}, {"calls": {}}, {"a": {}}, {"z": {}}]),
            "validate_records": chance() < 0.5,
        }
        if chance() < 0.5:
            made["flattening_enabled"] = True
            made["flattening_max_depth"] = choice([0, 1, 2, 50])
            made["flattening_separator"] = choice(["", "__", "."])
        if chance() < 0.4:
            made["stream_maps"] = {choice(["calls", "*", "copy"]): choice(_MAPS)}
        return made

    def schema(self) -> str:
        names = ["x", "y", "_sdc_deleted_at", "a__b", "session_started_at", "", "$ref"]
        more = ["required", "$schema", "definitions", "$ref", "type", "anyOf", "$defs"]
        properties = {
            "user_id": {"type": "string"},
            "session_number": {"type": "integer"},
            "w": {"type": ["string", "null"]},
            **self._some(names),
        }
        json_schema = {"type": "object", "properties": properties, **self._some(more)}
        message = {"type": "SCHEMA", "stream": "calls", "schema": json_schema}
        if self._random.random() < 0.2:
            message |= self._some(["schema", "key_properties", "stream"])
        return json.dumps(message)

    def row(self) -> str:
        names = ["x", "y", "_sdc_deleted_at", "a__b", "session_started_at", "", "w"]
        return record({**call("u"), "w": "k", **self._some(names)})

    def _some(self, names: list[str]) -> dict[str, Any]:
        count = self._random.randrange(4)
        return {name: self._part(0) for name in self._random.sample(names, count)}

    def _part(self, depth: int) -> Any:
        choice, number = self._random.choice, self._random.randrange(14)
        if number == 0:
            return None
        if number < 5:
            return choice([choice(_NUMBERS), choice(_TEXTS), True, False])
        size = self._random.randrange(5) if depth < 5 else 0
        if number < 8:
            return [self._part(depth + 1) for _ in range(size)]
        return {choice(_KEYWORDS): self._part(depth + 1) for _ in range(size)}


@pytest.mark.parametrize("propose", [False, True])
def test_random_schemas_and_rows(
    config: Config, run: Runner, tmp_path: Path, *, propose: bool
) -> None:
    seed = random.randrange(10**9)  # noqa: S311 - no secret
    odd = OddInput(seed)
    config |= {"rejected_path": str(tmp_path / "rejected.singer"), "max_rejected": 9**9}
    for number in range(40):
        lines = [odd.schema(), odd.row(), odd.row(), odd.schema(), odd.row(), state(1)]
        done = run({**config, **odd.config()}, lines, propose_schema=propose)
        told = f"seed {seed}, input {number}: {done.printed}\n{lines}"
        assert "defect" not in done.printed, told
        assert len(done.errors) == (1 if done.exit_code else 0), told


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"flattening_enabled": True, "flattening_max_depth": 3},
        {"flattening_enabled": True, "flattening_max_depth": 1000},
    ],
)
def test_a_schema_nested_400_deep_is_read(
    config: Config, run: Runner, sandbox: Sandbox, changes: dict[str, Any]
) -> None:
    config |= {"streams": {"calls": {"fields": {"duration": "call_duration"}}}}
    deep: dict[str, Any] = {"type": "string"}
    for _ in range(400):
        deep = {"type": "object", "properties": {"a": deep}}
    line = schema(properties={**CALLS, "deep": deep})
    done = run({**config, **changes}, [line, record(call("a")), line, state(1)])
    assert (done.exit_code, done.states) == (0, [1]), done.printed
    assert sandbox.enrichments == {(162, "a", 1, 1): {"duration": 60}}


@pytest.mark.parametrize("required", [True, "x", 7, {"x": True}, [7], None])
def test_a_proposal_for_a_schema_whose_required_is_no_list(
    config: Config, run: Runner, required: object
) -> None:
    line = schema(properties={**CALLS, "x": {"type": "string", "required": required}})
    whole = json.loads(line)
    whole["schema"]["required"] = required
    done = run(config, [json.dumps(whole)], propose_schema=True)
    assert done.exit_code == 0, done.printed
    fields = {field["name"]: field for field in json.loads(done.stdout)["fields"]}
    assert fields["x"]["type"] == "STRING"
    assert fields["x"]["optional"] is True
