"""`enrichment_number: "auto"`: each call of a session is an enrichment of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.singer_input import CALLS, call, record, schema

if TYPE_CHECKING:
    from pathlib import Path

    from target_contentsquare.sandbox import Sandbox
    from tests.runs import Config, Runner

COLUMNS = {**CALLS, "id": {"type": "integer"}}


@pytest.fixture
def config(config: Config, tmp_path: Path) -> Config:
    return {
        **config,
        "memory_path": str(tmp_path / "memory.sqlite"),
        "streams": {
            "*": {"enrichment_number": "auto", "fields": {"d": "call_duration"}}
        },
    }


def lines(*rows: tuple[int, int], stream: str = "calls") -> list[str]:
    """Rows of one session: the id and the duration of each call."""
    return [
        schema(stream, COLUMNS, ["id"]),
        *(record(call(id=i, call_duration=d), stream) for i, d in rows),
    ]


def held(sandbox: Sandbox) -> dict[int, object]:
    """The duration that the session's enrichments have, by number."""
    enrichments = sandbox.enrichments.items()
    return {key.enrichment_number: fields["d"] for key, fields in enrichments}


def test_the_calls_of_a_session_get_numbers_as_they_come_and_keep_them(
    run: Runner, config: Config, sandbox: Sandbox
) -> None:
    assert run(config, lines((70, 10), (71, 20))).metric["delivered"] == 2
    assert held(sandbox) == {1: 10, 2: 20}
    # An update of the second call, whose place in the input is another, and a third.
    done = run(config, lines((72, 30), (71, 25), (70, 10)))
    assert (done.metric["delivered"], done.metric["unchanged"]) == (2, 1)
    assert held(sandbox) == {1: 10, 2: 25, 3: 30}


def test_a_fourth_call_is_dropped_and_told_once(
    run: Runner, config: Config, sandbox: Sandbox
) -> None:
    done = run(config, lines((1, 10), (2, 20), (3, 30), (4, 40), (5, 50)))
    assert done.exit_code == 0
    assert done.metric["dropped"] == {"no_number_left": 2}
    (warning,) = [text for text in done.warnings if "no_number_left" in text]
    assert "stream 'calls', row 4" in warning
    assert held(sandbox) == {1: 10, 2: 20, 3: 30}


def test_two_streams_share_the_numbers_of_a_session(
    run: Runner, config: Config, sandbox: Sandbox
) -> None:
    chats = lines((1, 99), stream="chats")
    run(config, [*lines((1, 10)), *chats])
    assert held(sandbox) == {1: 10, 2: 99}
    assert run(config, [*chats, *lines((1, 10))]).metric["unchanged"] == 2


def test_a_number_that_a_stream_says_itself_is_not_given_to_another(
    run: Runner, config: Config, sandbox: Sandbox
) -> None:
    config["streams"]["fixed"] = {"fields": {"d": "call_duration"}}
    run(config, [*lines((1, 10), stream="fixed"), *lines((1, 20))])
    assert held(sandbox) == {1: 10, 2: 20}
    run(config, lines((2, 30)))
    assert held(sandbox) == {1: 10, 2: 20, 3: 30}


def test_the_key_is_that_of_the_row_as_it_arrived(
    run: Runner, config: Config, sandbox: Sandbox
) -> None:
    config["stream_maps"] = {"calls": {"id": "'the same'"}}
    run(config, lines((1, 10), (2, 20)))
    assert held(sandbox) == {1: 10, 2: 20}


def test_it_needs_memory_path_and_key_properties(run: Runner, config: Config) -> None:
    (error,) = run({**config, "memory_path": None}, lines((1, 10))).errors
    assert 'streams.*.enrichment_number: "auto" needs memory_path' in error
    (error,) = run(config, [schema(), record(call())]).errors
    assert "key properties" in error
    assert "stream 'calls'" in error


def test_a_dry_run_gives_numbers_that_it_does_not_keep(
    run: Runner, config: Config, sandbox: Sandbox
) -> None:
    dry = run({**config, "dry_run": True}, lines((1, 10), (2, 20)))
    assert dry.metric["delivered"] == 2
    run(config, lines((2, 20)))
    assert held(sandbox) == {1: 20}


def test_a_row_whose_number_was_taken_gets_another(
    run: Runner, config: Config, sandbox: Sandbox
) -> None:
    config["streams"]["fixed"] = {"fields": {"d": "call_duration"}}
    run(config, lines((1, 10)))
    fixed = lines((1, 20), stream="fixed")
    run(config, [*fixed, *lines((1, 11))])
    assert held(sandbox) == {1: 20, 2: 11}
    assert run(config, [*fixed, *lines((1, 11))]).metric["unchanged"] == 2
