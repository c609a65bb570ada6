"""Rows that nothing transforms skip the SDK: that must not change what they become."""

import json
import tempfile
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from target_contentsquare.sandbox import Sandbox
from tests.conftest import config_for
from tests.runs import Config, Runner, run_here
from tests.singer_input import call, record, schema

# Rows that keep these promises are read faster than those that don't.
PROPERTIES: dict[str, dict[str, Any]] = {
    "user_id": {"type": "string"},
    "session_number": {"type": "integer"},
    "session_started_at": {"type": ["string", "null"], "format": "date-time"},
    "text": {"type": ["string", "null"]},
    "count": {"type": ["integer", "null"]},
    "share": {"type": ["number", "null"]},
    "flag": {"type": ["boolean", "null"]},
    "moment": {"type": ["string", "null"], "format": "date-time"},
    "day": {"type": ["string", "null"], "format": "date"},
    "any": {},
}

numbers = st.integers() | st.floats() | st.integers(-(2**31), 2**31 - 1)
scalars = st.none() | st.booleans() | numbers | st.text(max_size=60)
texts = st.sampled_from(
    [
        "",
        "0",
        "1",
        "-7",
        "4.5",
        "1e3",
        "true",
        "False",
        "2022-01-01",
        "NaN",
        "2022-01-01T20:02:22Z",
        "2022-01-01T20:02:22+02:00",
        "2022-01-01 20:02",
    ]
)
an_hour_ago = datetime.now(timezone.utc) - timedelta(hours=1)
starts = st.sampled_from(
    [
        an_hour_ago.isoformat(),
        an_hour_ago.strftime("%Y-%m-%dT%H:%M:%SZ"),
        an_hour_ago.astimezone(timezone(timedelta(hours=5))).isoformat(),
        an_hour_ago.replace(tzinfo=None).isoformat(" "),
        an_hour_ago.date().isoformat(),
        an_hour_ago.timestamp(),
    ]
)
values = scalars | texts | st.lists(scalars, max_size=2)
rows = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(PROPERTIES, values),
        "user_id": st.sampled_from(["a", "b", "c", 7, "", None, 1.5]),
        "session_number": st.sampled_from([1, 2, "3", 1.0, "x", None, 2**63]),
        "session_started_at": st.none() | starts | values,
        "not mapped": values,
    },
)


@pytest.fixture(scope="module")
def listening() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


def outcome(
    sandbox: Sandbox, lines: list[str], changes: Mapping[str, Any], folder: Path
) -> Any:
    """What the sandbox got, byte for byte, and what was rejected and why."""
    sandbox.reset()
    source, rejected = folder / "input.singer", folder / "rejected.singer"
    source.write_text("".join(f"{line}\n" for line in lines))
    rejected.unlink(missing_ok=True)
    config = config_for(sandbox, rejected_path=str(rejected), **changes)
    done = run_here({**config, "max_parallel_requests": 1}, source)
    is_failure = done.metric["rejected"] and not done.metric["delivered"]
    assert done.exit_code == (1 if is_failure else 0), done.printed
    written = rejected.read_text().splitlines() if rejected.exists() else []
    notes = [json.loads(line) for line in written]
    for note in notes:
        for key in ("at", "run"):
            note.get("rejected", {}).pop(key, None)
    counts = {name: value for name, value in done.metric.items() if name != "seconds"}
    return repr(sandbox.history), json.dumps(notes), counts, done.states


@pytest.mark.parametrize(
    "moment",
    [
        "2022-01-01T20:02:22.9999999Z",
        "2022-01-01T20:02:22.999999999+02:00",
        "2022-01-01t20:02:22z",
        "2022-01-01 20:02:22.5+00:00",
        "2022-01-01T20:02:22-00:00",
        "2022-01-01T23:59:60Z",
        "2022-01-01T24:00:00Z",
    ],
)
def test_moments_are_read_alike_both_ways(
    config: Config, run: Runner, sandbox: Sandbox, moment: str
) -> None:
    lines = [schema(), record(call(call_date=moment))]
    found = []
    for changes in ({}, {"flattening_enabled": True, "flattening_max_depth": 1}):
        sandbox.reset()
        done = run(config | changes, lines)
        found.append((done.exit_code, done.errors, sandbox.enrichments))
    assert found[0] == found[1]


@pytest.mark.parametrize(
    "slow",
    [
        {"stream_maps": {"calls": {"more": "'x'"}}},
        {"flattening_enabled": True, "flattening_max_depth": 1},
        {"validate_records": True},
    ],
    ids=["stream map", "flattening", "validation"],
)
@settings(
    max_examples=20,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(given_rows=st.lists(rows, max_size=6))
def test_both_ways_deliver_and_reject_the_same(
    listening: Sandbox, slow: dict[str, Any], given_rows: list[dict[str, Any]]
) -> None:
    # What validation would refuse as a whole row has to pass it here.
    types = PROPERTIES if "validate_records" not in slow else dict.fromkeys(PROPERTIES)
    properties = {name: kind or {} for name, kind in types.items()}
    if "flattening_enabled" in slow:  # it makes text of arrays
        given_rows = [
            {k: v for k, v in row.items() if not isinstance(v, list)}
            for row in given_rows
        ]
    lines = [schema(properties=properties)]
    lines += [
        json.dumps({"type": "RECORD", "stream": "calls", "record": row})
        for row in given_rows
    ]
    lines.append('{"type": "STATE", "value": {"at": 1.50}}')
    streams = {"calls": {"fields": {name: name for name in list(PROPERTIES)[3:]}}}
    with tempfile.TemporaryDirectory() as folder:
        fast = outcome(listening, lines, {"streams": streams}, Path(folder))
        other = outcome(listening, lines, {"streams": streams, **slow}, Path(folder))
    assert fast == other
