"""A stream's JSON schema as columns: types, promises, nesting, references."""

from typing import Any

import pytest

from target_contentsquare.mapping.columns import Column
from target_contentsquare.mapping.fields import FieldType
from target_contentsquare.singer.streams.json_schema import columns_of

STRING, INT, FLOAT, BOOL, DATETIME = FieldType
NULL = {"type": "null"}
MOMENT = {"type": "string", "format": "date-time"}
DAY = {"type": "string", "format": "date"}


def column_of(described: Any, **schema: Any) -> Column:
    (column,) = columns_of({"properties": {"x": described}, **schema})
    return column


@pytest.mark.parametrize(
    ("described", "field_type", "typed"),
    [
        ({"type": "string"}, STRING, True),
        ({"type": ["null", "integer"]}, INT, True),
        ({"type": "number"}, FLOAT, True),
        ({"type": "boolean"}, BOOL, True),
        (MOMENT, DATETIME, True),
        (DAY, DATETIME, False),
        ({"type": "string", "format": "email"}, STRING, True),
        ({"type": ["string", "integer"]}, STRING, False),
        ({"type": ["string", "integer"], "format": "date-time"}, STRING, False),
        ({"anyOf": [{"type": "integer"}, NULL]}, INT, True),
        ({"oneOf": [NULL, {"anyOf": [NULL, MOMENT]}]}, DATETIME, True),
        ({"allOf": [{"type": "number"}, {"minimum": 0}]}, FLOAT, True),
        ({"anyOf": [{"type": "integer"}, {"type": "string"}]}, STRING, False),
        ({"enum": ["a", "b", None]}, STRING, True),
        ({"enum": [1, 2]}, INT, True),
        ({"enum": [True, "x"]}, STRING, False),
        ({"const": 1.5}, FLOAT, True),
        ({"type": "string", "enum": [1]}, STRING, True),
        ({"type": "string", "examples": [{"a": 1}]}, STRING, True),
        ({}, None, False),
        ({"examples": [1]}, None, False),
        (NULL, None, False),
        (True, None, False),
        (False, None, False),
        ("nonsense", None, False),
        ({"type": 7, "format": 7, "anyOf": 7, "enum": 7, "$ref": 7}, None, False),
    ],
)
def test_the_type_of_a_column(
    described: Any,
    field_type: FieldType | None,
    typed: bool,  # noqa: FBT001 - a parameter
) -> None:
    column = column_of(described)
    assert (column.type, column.typed, column.nested) == (field_type, typed, False)


@pytest.mark.parametrize(
    "described",
    [
        {"type": "object"},
        {"type": ["null", "array"]},
        {"type": ["string", "object"]},
        {"anyOf": [{"type": "string"}, {"type": "array"}]},
        {"properties": {"a": {"type": "string"}}},
        {"items": {"type": "string"}},
        {"type": ["null"], "properties": {}},
        {"anyOf": [NULL, {"items": {}}]},
        {"patternProperties": {"^x": {}}},
        {"enum": [[1], [2]]},
        {"const": {"a": 1}},
    ],
)
def test_what_may_be_an_array_or_object_is_nested(described: Any) -> None:
    assert column_of(described).nested


def test_keywords_of_arrays_do_not_make_a_text_nested() -> None:
    assert not column_of({"type": "string", "items": {}, "properties": {}}).nested


@pytest.mark.parametrize("home", ["definitions", "$defs"])
def test_a_reference_counts_as_what_it_leads_to(home: str) -> None:
    definitions = {"a/b c": {"anyOf": [NULL, {"$ref": f"#/{home}/n"}]}, "n": MOMENT}
    column = column_of({"$ref": f"#/{home}/a~1b%20c"}, **{home: definitions})
    assert (column.type, column.typed) == (DATETIME, True)


@pytest.mark.parametrize(
    "reference", ["#/definitions/nowhere", "https://example.com/x.json", "", "#x", "#/"]
)
def test_a_reference_that_leads_nowhere_says_nothing(reference: str) -> None:
    assert column_of({"$ref": reference}).type is None


def test_references_in_a_circle_end() -> None:
    definitions = {
        "a": {"anyOf": [{"$ref": "#/definitions/b"}, {"type": "integer"}]},
        "b": {"oneOf": [{"$ref": "#/definitions/a"}, {"$ref": "#/definitions/b"}]},
    }
    column = column_of({"$ref": "#/definitions/a"}, definitions=definitions)
    assert column.type is INT


def test_a_schema_that_refers_to_itself_is_nested() -> None:
    assert column_of({"$ref": "#"}, type="object").nested


def test_alternatives_of_any_depth_are_looked_into() -> None:
    described: dict[str, Any] = {"type": "boolean"}
    for _ in range(5000):
        described = {"anyOf": [described]}
    assert column_of(described).type is BOOL


@pytest.mark.parametrize(
    ("described", "nullable"),
    [
        ({"type": "string"}, False),
        ({"type": ["string", "null"]}, True),
        ({"type": "string", "anyOf": [NULL]}, True),
        ({"anyOf": [{"type": "integer"}, NULL]}, True),
        ({}, True),
        (True, True),
    ],
)
def test_a_required_column_may_still_be_null(
    described: Any,
    nullable: bool,  # noqa: FBT001 - a parameter
) -> None:
    assert column_of(described, required=["x"]).nullable is nullable
    assert column_of(described).nullable


@pytest.mark.parametrize("required", [True, "x", [["x"]], {"x": 1}, None])
def test_what_is_no_list_of_names_requires_nothing(required: Any) -> None:
    assert column_of({"type": "string"}, required=required).nullable


def test_title_and_description_are_texts() -> None:
    column = column_of({"title": "Talk time", "description": "On the phone"})
    assert (column.title, column.description) == ("Talk time", "On the phone")
    column = column_of({"title": 7, "description": None})
    assert (column.title, column.description) == ("", "")


@pytest.mark.parametrize("schema", [{}, {"properties": None}, {"properties": []}])
def test_a_schema_without_properties_has_no_columns(schema: Any) -> None:
    assert columns_of(schema) == ()


def test_columns_keep_the_order_of_the_schema() -> None:
    names = [f"column {n}" for n in (3, 1, 2)]
    schema: dict[str, Any] = {"properties": {name: {} for name in names}}
    assert [column.name for column in columns_of(schema)] == names
