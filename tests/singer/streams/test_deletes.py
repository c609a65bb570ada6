"""Rows that were deleted at their source are dropped, in every way a row may take."""

from typing import Any

import pytest

from target_contentsquare.sandbox import Sandbox
from tests.runs import Config, Runner
from tests.singer_input import CALLS, call, record, schema, state

DELETED_AT = {"type": ["string", "null"], "format": "date-time"}
COLUMNS = {**CALLS, "_sdc_deleted_at": DELETED_AT}
#: Settings that decide which way a row takes.
WAYS: list[dict[str, Any]] = [
    {},
    {"validate_records": True},
    {"flattening_enabled": True, "flattening_max_depth": 1},
    {"stream_maps": {"calls": {"call_duration": "call_duration + 0"}}},
    {"stream_maps": {"calls": {"__filter__": "int(call_duration) > 0"}}},
    {"stream_maps": {"calls": {"_sdc_deleted_at": None}}},
    {"stream_maps": {"calls": {"__else__": None, "user_id": "user_id",
     "session_number": "session_number", "call_duration": "call_duration"}}},
]  # fmt: skip


@pytest.mark.parametrize(
    "value",
    [
        "2026-11-24T10:00:00Z",
        "2026-11-24T10:00:00+00:00+00:00",
        "2026-11-24",
        "yes",
        1764000000,
        0,
        True,
        False,
        {"at": 1},
    ],
)
@pytest.mark.parametrize("changes", WAYS)
def test_a_deleted_row_is_dropped(
    config: Config, run: Runner, sandbox: Sandbox, changes: dict[str, Any], value: Any
) -> None:
    rows = [
        record(call("a", _sdc_deleted_at=None)),
        record(call("a", call_duration=1, _sdc_deleted_at=value)),
        record(call("b")),
    ]
    done = run({**config, **changes}, [schema(properties=COLUMNS), *rows, state(1)])
    assert (done.exit_code, done.states) == (0, [1]), done.printed
    assert done.metric["dropped"] == {"deleted": 1}
    assert (done.metric["read"], done.metric["delivered"]) == (3, 2)
    assert {values["call_duration"] for values in sandbox.enrichments.values()} == {60}


@pytest.mark.parametrize("value", [None, "", "  "])
@pytest.mark.parametrize("changes", WAYS[:4])
def test_null_and_blank_text_say_nothing(
    config: Config, run: Runner, changes: dict[str, Any], value: object
) -> None:
    line = record(call("a", _sdc_deleted_at=value))
    done = run({**config, **changes}, [schema(properties=COLUMNS), line])
    assert (done.exit_code, done.metric["delivered"]) == (0, 1), done.printed


@pytest.mark.parametrize("changes", WAYS[:6])
def test_a_delete_event_may_have_its_keys_only(
    config: Config, run: Runner, changes: dict[str, Any]
) -> None:
    keyed = schema(properties={**COLUMNS, "id": {}}, key_properties=["id"])
    event = record({"id": 7, "_sdc_deleted_at": "2026-11-24T10:00:00Z"})
    done = run({**config, **changes}, [keyed, event, record(call("a", id=1)), state(1)])
    assert (done.exit_code, done.states) == (0, [1]), done.printed
    assert done.metric["dropped"] == {"deleted": 1}


@pytest.mark.parametrize("changes", WAYS[:4])
def test_a_delete_event_without_its_key_is_a_broken_tap(
    config: Config, run: Runner, changes: dict[str, Any]
) -> None:
    keyed = schema(properties={**COLUMNS, "id": {}}, key_properties=["id"])
    event = record({"_sdc_deleted_at": "2026-11-24T10:00:00Z"})
    lines = [keyed, record(call("a", id=1)), event, state(1)]
    done = run({**config, **changes}, lines)
    assert (done.exit_code, done.states, len(done.errors)) == (1, [], 1)
    assert "'calls', row 2: has no key property id" in done.errors[0]


def test_json_that_only_python_reads(config: Config, run: Runner) -> None:
    event = record(call("a", _sdc_deleted_at="now", x=float("nan")))
    done = run(config, [schema(properties=COLUMNS), event, record(call("b")), state(1)])
    assert (done.exit_code, done.states) == (0, [1]), done.printed
    assert done.metric["dropped"] == {"deleted": 1}


def test_rows_after_a_dropped_one_keep_their_numbers(
    config: Config, run: Runner
) -> None:
    rows = [record(call("a", _sdc_deleted_at="now")), record(call("b", "no number"))]
    done = run(config, [schema(properties=COLUMNS), *rows])
    assert "'calls', row 2" in done.errors[0]


def test_stream_maps_may_say_which_rows_were_deleted(
    config: Config, run: Runner, sandbox: Sandbox
) -> None:
    expression = "'now' if call_center_name == 'GONE' else None"
    config["stream_maps"] = {"calls": {"_sdc_deleted_at": expression}}
    rows = [call("a", call_center_name="GONE"), call("b", call_center_name="R")]
    done = run(config, [schema(), *map(record, rows), state(1)])
    assert (done.exit_code, done.states) == (0, [1]), done.printed
    assert done.metric["dropped"] == {"deleted": 1}
    assert {key.user_id for key in sandbox.enrichments} == {"b"}


@pytest.mark.parametrize("changes", WAYS[:4])
@pytest.mark.parametrize("name", ["_sdc_deleted_at", "_sdc_batched_at", "_sdc_x"])
def test_columns_of_the_tap_can_be_mapped(
    config: Config, run: Runner, sandbox: Sandbox, changes: dict[str, Any], name: str
) -> None:
    config |= {"streams": {"calls": {"fields": {"a": "call_duration", "b": name}}}}
    value = None if name == "_sdc_deleted_at" else "2026-11-24T10:00:00Z"
    lines = [
        schema(properties={**CALLS, name: DELETED_AT}, required=[name]),
        record(call("a", **{name: value})),
        state(1),
    ]
    done = run({**config, **changes}, lines)
    assert (done.exit_code, done.states) == (0, [1]), done.printed
    expected = {"a": 60} if value is None else {"a": 60, "b": value}
    assert sandbox.enrichments == {(162, "a", 1, 1): expected}
