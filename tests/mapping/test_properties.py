"""What holds for every value and every stream; hypothesis repeats its examples."""

import json
import random
import tempfile
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from target_contentsquare.errors import UnfitValueError
from target_contentsquare.mapping.columns import Column
from target_contentsquare.mapping.compile import compile_mapping
from target_contentsquare.mapping.fields import FieldType, to_scalar
from target_contentsquare.mapping.session_age import latest_start
from target_contentsquare.mapping.stream_mapping import StreamMapping
from target_contentsquare.sandbox import Sandbox
from target_contentsquare.sandbox.batches.values import type_of, why_not
from tests.conftest import config_for
from tests.runs import Run, run_here
from tests.singer_input import CALLS, call, record, schema, state

NOW = datetime(2026, 11, 24, tzinfo=timezone.utc)
REASONS = {
    "missing_user_id",
    "invalid_user_id",
    "invalid_session_number",
    "invalid_session_key",
    "invalid_session_started_at",
    "invalid_enrichment_number",
    "invalid_project_id",
    "missing_field",
    "wrong_type",
    "string_too_long",
    "int_out_of_range",
    "float_out_of_range",
    "invalid_datetime",
}
DROPPED = {"session_too_old", "no_enrichment_fields"}

repeatable = settings(max_examples=150, deadline=None, derandomize=True)

# Half surrogate pairs are in it too: JSON can hold them.
any_text = st.text(st.characters(exclude_categories=()), max_size=80)
telling_text = st.from_regex(
    r"[ \t]?[+-]?"
    r"([0-9]{0,25}\.?[0-9]{0,5}([eE][+-]?[0-9]{1,9})?|[Tt]rue|FALSE|nan|inf)",
    fullmatch=True,
)
moments = st.datetimes().map(str) | st.datetimes().map(lambda at: at.isoformat() + "Z")
near_moments = st.from_regex(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}(:[0-9]{2}){0,2}(\.[0-9]{1,9})?)?"
    r"(Z|z|[+-][0-9]{2}:?[0-9]{2}(:[0-9]{2})?)?",
    fullmatch=True,
)
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-(10**400), 10**400)
    | st.floats()
    | any_text
    | telling_text
    | moments
    | near_moments
)
any_json = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(any_text, inner),
    max_leaves=4,
)


def outcome_of(convert: Callable[[Any], Any], value: Any) -> tuple[Any, str | None]:
    """What a value becomes, or the reason why it can't be sent."""
    try:
        return convert(value), None
    except UnfitValueError as error:
        return None, error.reason


@pytest.mark.parametrize("truncate", [False, True])
@pytest.mark.parametrize("field_type", list(FieldType))
@repeatable
@given(value=any_json)
def test_a_value_is_sent_as_the_api_takes_it_or_has_a_reason(
    field_type: FieldType, value: Any, *, truncate: bool
) -> None:
    convert = field_type.converter(truncate_strings=truncate)
    sent, reason = outcome_of(convert, value)
    if reason is not None:
        assert reason in REASONS
        return
    if sent is None:
        assert value is None or not value.strip()
        return
    as_sent = json.loads(msgspec.json.encode(sent))
    assert why_not(as_sent, field_type.value) is None
    again = convert(sent)
    assert (again, type(again)) == (sent, type(sent))
    assert convert(as_sent) == sent


@repeatable
@given(value=any_json)
def test_a_value_without_a_type_as_well(value: Any) -> None:
    sent, reason = outcome_of(to_scalar, value)
    if reason is not None:
        assert reason in REASONS
        return
    if sent is None:
        assert value is None
        return
    as_sent = json.loads(msgspec.json.encode(sent))
    kind = type_of(as_sent)
    assert kind is not None
    assert why_not(as_sent, kind) is None
    assert to_scalar(sent) == sent


@repeatable
@given(value=any_json)
def test_a_session_start_is_a_time_or_has_a_reason(value: Any) -> None:
    start, reason = outcome_of(latest_start, value)
    if reason is not None:
        assert reason == "invalid_session_started_at"
        return
    assert start is None or isinstance(start - NOW, timedelta)


@repeatable
@given(
    row=st.fixed_dictionaries(
        {},
        optional=dict.fromkeys(
            ("user_id", "session_number", "key", "began", "number", "text"), any_json
        ),
    ),
    by_key=st.booleans(),
    truncate=st.booleans(),
)
def test_a_row_is_sent_dropped_or_has_a_listed_reason(
    row: dict[str, Any], *, by_key: bool, truncate: bool
) -> None:
    names = ("user_id", "session_number", "key", "began", "number", "text", "project")
    mapping = StreamMapping(
        "streams.calls",
        session_key="key" if by_key else None,
        session_started_at="began",
        enrichment_number="number",
        project_id="project",
        fields={"text": "text"},
        truncate_strings=truncate,
    )
    mapper = compile_mapping(
        "calls", [Column(name, None, typed=False) for name in names], mapping
    )
    row.setdefault("project", 162)
    row.setdefault("number", 1)
    values = [row.get(column.name) for column in mapper.columns]
    outcome, reason = outcome_of(lambda given: mapper.enrich(given, NOW), values)
    if reason is not None:
        assert reason in REASONS
        return
    assert isinstance(outcome, tuple) or outcome in DROPPED


@pytest.fixture(scope="module")
def listening() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


def run_lines(config: dict[str, Any], lines: list[str], folder: Path) -> Run:
    source = folder / "input.singer"
    text = "".join(f"{line}\n" for line in lines)
    source.write_bytes(text.encode())
    return run_here(config, source)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(rows=st.lists(st.dictionaries(st.sampled_from(list(CALLS)), any_json)))
def test_nothing_is_sent_that_contentsquare_refuses(
    listening: Sandbox, rows: list[dict[str, Any]]
) -> None:
    """Rows of any JSON, each under a session of its own so that none is merged."""
    listening.reset()
    keyed = [
        {**row, "user_id": str(number), "session_number": 1}
        for number, row in enumerate(rows)
    ]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rejected = folder / "rejected.singer"
        config = config_for(listening, rejected_path=str(rejected))
        lines = [schema(), *map(record, keyed), state({"at": len(rows)})]
        done = run_lines(config, lines, folder)
    is_failure = done.metric["rejected"] and not done.metric["delivered"]
    expected = (1 if is_failure else 0, [{"at": len(rows)}])
    assert (done.exit_code, done.states) == expected, done.printed
    assert listening.totals.refused_batches == 0
    assert set(done.metric["rejected"]) <= REASONS
    assert_adds_up(done)


def assert_adds_up(done: Run) -> None:
    metric = done.metric
    for counts in (metric, *metric["streams"].values()):
        dropped, rejected = counts["dropped"].values(), counts["rejected"].values()
        places = counts["delivered"] + counts["merged"] + sum(dropped) + sum(rejected)
        assert counts["read"] == places
        assert counts["unsettled"] == 0


@pytest.mark.parametrize("seed", range(8))
def test_delivered_and_rejected_are_the_input_and_the_replay_completes_it(
    sandbox: Sandbox, tmp_path: Path, seed: int
) -> None:
    print("seed", seed)  # noqa: T201 - to repeat a failure
    chance = random.Random(seed)  # noqa: S311 - repeatable
    rows = {
        f"u-{n}": call(
            f"u-{n}",
            call_duration=chance.choice([60] * 9 + [2**31]),
            call_center_name=chance.choice(["RENNES"] * 9 + ["x" * 60]),
        )
        for n in range(chance.randrange(1, 700))
    }
    refused = {user for user in rows if chance.random() < 0.05}
    sandbox.refuse_users(refused)
    rejected = tmp_path / "rejected.singer"
    config = config_for(
        sandbox,
        rejected_path=str(rejected),
        max_parallel_requests=chance.choice([1, 4]),
        batch_size_rows=chance.choice([200, 17]),
    )
    streams = ("calls", "chats")
    lines = [schema(stream) for stream in streams]
    lines += [record(row, chance.choice(streams)) for row in rows.values()]
    done = run_lines(config, [*lines, state("end")], tmp_path)
    assert (done.exit_code, done.states[-1]) == (0, "end"), done.printed
    assert_adds_up(done)
    text = rejected.read_text() if rejected.exists() else ""
    messages = [json.loads(line) for line in text.splitlines()]
    kept = {
        one["record"]["user_id"]: one["record"]
        for one in messages
        if one["type"] == "RECORD"
    }
    delivered = {key.user_id for key in sandbox.enrichments}
    assert delivered | set(kept) == set(rows)
    assert not delivered & set(kept)
    assert kept == {user: rows[user] for user in kept}

    sandbox.refuse_users([])
    changed = {
        **config,
        "rejected_path": str(tmp_path / "again.singer"),
        "truncate_strings": True,
        "streams": {"*": {"fields": {"center": "call_center_name"}}},
    }
    done = run_lines(changed, text.splitlines(), tmp_path)
    assert done.exit_code == 0, done.printed
    assert {key.user_id for key in sandbox.enrichments} == set(rows)
