"""Rows that a later one replaced: the same source row again, or another one."""

import pytest

from target_contentsquare.sandbox import Sandbox
from tests.runs import Config, Run, Runner
from tests.singer_input import CALLS, call, record, schema

KEYED = schema(properties={**CALLS, "id": {}}, key_properties=["id"])


def merged(done: Run) -> tuple[int, int]:
    return done.metric["merged"], done.metric["merged_other_row"]


def test_another_row_of_the_same_session_is_warned_about_once(
    config: Config, run: Runner, sandbox: Sandbox
) -> None:
    rows = [call(id=number) for number in (1, 2, 2, 3)]
    done = run(config, [KEYED, *map(record, rows)])
    assert merged(done) == (3, 2)
    (warning,) = done.warnings
    assert warning.startswith(
        "stream 'calls', row 1, is replaced by another row, stream 'calls', row 2:"
    )
    assert 'enrichment_number to "auto" (with memory_path)' in warning
    assert any("3 merged (other_row 2)" in line for line in done.logged("INFO"))
    assert len(sandbox.enrichments) == 1


@pytest.mark.parametrize("start", [KEYED, schema()])
def test_the_same_row_again_is_no_loss(config: Config, run: Runner, start: str) -> None:
    rows = [call(id=7, call_duration=seconds) for seconds in (1, 2)]
    done = run(config, [start, *map(record, rows)])
    assert merged(done) == (1, 0)
    assert done.warnings == []


def test_a_row_of_another_stream_is_another_row(config: Config, run: Runner) -> None:
    lines = [schema(), schema("chats"), record(call()), record(call(), "chats")]
    done = run(config, lines)
    assert merged(done) == (1, 1)
    assert done.metric["streams"]["calls"]["merged_other_row"] == 1


def test_keys_are_compared_as_they_arrived_and_in_any_json(
    config: Config, run: Runner
) -> None:
    changes = {"stream_maps": {"calls": {"id": "1"}}}
    nan = record(call(id=2)).replace("60", "NaN")
    done = run({**config, **changes}, [KEYED, record(call(id=1)), record(call(id=2))])
    assert merged(done) == (1, 1)
    done = run(config, [KEYED, record(call(id=2)), record(call(id=2)), nan])
    assert merged(done)[1] == 0
