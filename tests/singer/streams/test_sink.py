"""What the SDK hands a sink: values as JSON would hold them, keys, log lines."""

from datetime import date, datetime, timezone
from decimal import Decimal
from typing import Any

import pytest

from target_contentsquare.sandbox import Sandbox
from target_contentsquare.singer.streams.stream_maps import to_json_value
from tests.runs import Config, Runner
from tests.singer_input import CALLS, call, calls, record, schema, state


@pytest.mark.parametrize(
    ("value", "as_json"),
    [
        (Decimal("1.50"), 1.5),
        (Decimal(7), 7),
        (Decimal("1E+2"), 100.0),
        (Decimal(2**63), 2**63),
        (date(2026, 11, 20), "2026-11-20"),
        (datetime(2026, 11, 20, 12, tzinfo=timezone.utc), "2026-11-20T12:00:00+00:00"),
        ("text", "text"),
        (True, True),
        (None, None),
        ([1], [1]),
    ],
)
def test_what_stream_maps_make_of_a_value(value: Any, as_json: Any) -> None:
    found = to_json_value(value)
    assert (found, type(found)) == (as_json, type(as_json))


@pytest.mark.parametrize("changes", [{}, {"validate_records": True}])
@pytest.mark.parametrize("keys", [["id"], ["id", "user_id"], ["user_id", "call_date"]])
def test_a_row_without_a_key_property_ends_the_run(
    config: Config, run: Runner, changes: dict[str, Any], keys: list[str]
) -> None:
    line = schema(properties={**CALLS, "id": {}}, key_properties=keys)
    done = run(config | changes, [line, record(call()), state(1)])
    assert (done.exit_code, done.states, len(done.errors)) == (1, [], 1), done.printed
    assert "'calls', row 1: has no key property" in done.errors[0]


def test_a_key_property_may_be_null(
    config: Config, run: Runner, sandbox: Sandbox
) -> None:
    keyed = schema(key_properties=["user_id", "call_date"])
    done = run(config, [keyed, record(call(call_date=None)), state(1)])
    assert (done.exit_code, done.states) == (0, [1]), done.errors
    assert len(sandbox.enrichments) == 1


@pytest.mark.parametrize("changes", [{}, {"validate_records": True}])
def test_dropping_is_said_once_for_each_reason(
    config: Config, run: Runner, changes: dict[str, Any]
) -> None:
    old = record(call(session_started_at="2020-01-01T00:00:00Z"))
    empty = record(call(call_duration=None))
    done = run(config | changes, [schema(), *[old, empty] * 5, *calls(1)])
    said = [line for line in done.logged("INFO") if line.startswith("Dropping rows")]
    assert len(said) == 2
    assert done.metric["dropped"] == {"session_too_old": 5, "no_enrichment_fields": 5}
