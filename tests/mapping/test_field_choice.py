"""Which columns become fields, which are left out, and what the user is told."""

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from target_contentsquare.errors import ConfigError
from target_contentsquare.mapping.columns import Column
from target_contentsquare.mapping.compile import RowMapper, compile_mapping
from target_contentsquare.mapping.fields import FieldType
from target_contentsquare.mapping.integration_schema import (
    IntegrationSchema,
    SchemaField,
)
from target_contentsquare.mapping.stream_mapping import StreamMapping

STRING, INT, FLOAT, BOOL, DATETIME = FieldType
SESSION = (
    Column("user_id", STRING, typed=True),
    Column("session_number", INT, typed=True),
)


def compiled(*columns: Column, keys: Sequence[str] = (), **settings: Any) -> RowMapper:
    mapping = StreamMapping("streams.calls", **settings)
    return compile_mapping("calls", [*SESSION, *columns], mapping, keys=keys)


def registered(**fields: FieldType) -> IntegrationSchema:
    return IntegrationSchema(
        {
            n: SchemaField(n, field_type, optional=True)
            for n, field_type in fields.items()
        }
    )


def scalar(name: str, field_type: FieldType | None = INT) -> Column:
    return Column(name, field_type, typed=field_type is not None)


def names(mapper: RowMapper) -> list[str]:
    return [mapped.name for mapped in mapper.fields]


def test_every_column_that_is_not_of_the_session_is_sent_by_default() -> None:
    started = scalar("session_started_at", DATETIME)
    assert names(compiled(started, scalar("a"), scalar("b"))) == ["a", "b"]


def test_columns_that_loaders_add_are_sent_only_where_they_are_asked_for() -> None:
    columns = (scalar("a"), scalar("_sdc_received_at", DATETIME))
    assert names(compiled(*columns)) == ["a"]
    asked = compiled(*columns, fields={"received": "_sdc_received_at"})
    assert names(asked) == ["received"]


def test_each_reason_to_leave_a_column_out_is_its_own() -> None:
    mapper = compiled(
        scalar("a"),
        Column("nested", None, typed=False, nested=True),
        scalar('quo"te'),
        scalar("back\\slash"),
        scalar("x" * 51),
        scalar(""),
    )
    assert names(mapper) == ["a"]
    nested, quotes, size, empty = mapper.warnings
    assert "'nested': only scalar values can be sent" in nested
    assert "'quo\"te', 'back\\slash': a field's name must have no quotes" in quotes
    assert "at most 50 bytes, not 51" in size
    assert "must not be empty" in empty
    assert not any("bytes" in warning for warning in (nested, quotes, empty))


def test_a_nested_column_that_is_asked_for_is_an_error() -> None:
    nested = Column("nested", None, typed=False, nested=True)
    with pytest.raises(ConfigError, match=r"streams\.calls\.fields\.n: .*an array"):
        compiled(scalar("a"), nested, fields={"n": "nested"})


def test_a_column_that_the_stream_does_not_have_is_an_error_that_lists_them() -> None:
    with pytest.raises(ConfigError, match="'user_id', 'session_number', 'a'"):
        compiled(scalar("a"), fields={"n": "nowhere"})
    with pytest.raises(ConfigError, match=r"streams\.calls\.project_id.*'nowhere'"):
        compiled(scalar("a"), project_id="nowhere")


def test_a_stream_without_a_column_to_send_is_an_error() -> None:
    with pytest.raises(ConfigError, match="no property to send"):
        compiled()
    nested = Column("nested", None, typed=False, nested=True)
    with pytest.raises(ConfigError, match="left out 'nested': only scalar values"):
        compiled(nested)


def test_the_types_that_a_decoder_checks() -> None:
    mapper = compiled(
        scalar("session_started_at", DATETIME),
        scalar("text", STRING),
        scalar("count", INT),
        scalar("any", None),
        Column("mixed", STRING, typed=False),
        keys=["id", "count"],
    )
    typed = {column.name: column.typed for column in mapper.columns}
    assert typed["text"] == STRING.decoded | None
    assert typed["count"] == INT.decoded | None
    assert (typed["any"], typed["mixed"], typed["id"]) == (Any, Any, msgspec.Raw)
    assert {c.name for c in mapper.columns if c.is_key} == {"id", "count"}
    never_null = {c.name for c in mapper.columns if c.never_null}
    assert never_null == {"user_id", "session_number"}


def test_a_column_is_untyped_where_the_integration_schema_wants_another_type() -> None:
    mapper = compiled(scalar("a", FLOAT), integration_schema=registered(a=INT))
    assert {c.name: c.typed for c in mapper.columns}["a"] is Any


def test_a_column_with_two_uses_is_read_once_and_untyped() -> None:
    mapper = compiled(scalar("a"), fields={"one": "a", "two": "a", "user": "user_id"})
    typed = {column.name: column.typed for column in mapper.columns}
    assert list(typed) == ["user_id", "session_number", "a"]
    assert (typed["a"], typed["user_id"]) == (Any, Any)


def test_a_stream_of_50_000_columns() -> None:
    columns = [scalar(f"column {n}", STRING) for n in range(50_000)]
    mapper = compiled(*columns, fields={"last": "column 49999"})
    assert names(mapper) == ["last"]
