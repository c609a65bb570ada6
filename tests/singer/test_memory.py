"""A row is sent if it is new or has changed, and not again: over real HTTP."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest

from tests.singer_input import call, record, schema, state

if TYPE_CHECKING:
    from pathlib import Path

    from target_contentsquare.sandbox import Sandbox
    from tests.runs import Config, Run, Runner


@pytest.fixture
def memory(tmp_path: Path) -> Path:
    return tmp_path / "memory.sqlite"


@pytest.fixture
def config(config: Config, memory: Path) -> Config:
    return {**config, "memory_path": str(memory)}


def rows(*durations: int | None) -> list[str]:
    """A row of each user, and a state."""
    lines = [
        record(call(f"u-{number}", call_duration=duration))
        for number, duration in enumerate(durations)
        if duration is not None
    ]
    return [schema(), *lines, state({"rows": len(lines)})]


def counts(done: Run) -> dict[str, int]:
    names = ("read", "delivered", "unchanged", "merged", "requests")
    return {name: done.metric[name] for name in names if done.metric[name]}


def durations(sandbox: Sandbox) -> list[object]:
    held = {key.user_id: fields for key, fields in sandbox.enrichments.items()}
    return [held[user]["call_duration"] for user in sorted(held)]


def test_rows_that_did_not_change_are_not_sent_again(
    run: Runner, config: Config, sandbox: Sandbox
) -> None:
    first = run(config, rows(10, 20, 30))
    assert counts(first) == {"read": 3, "delivered": 3, "requests": 1}
    again = run(config, rows(10, 20, 30))
    assert again.exit_code == 0, again.stderr
    assert counts(again) == {"read": 3, "unchanged": 3}
    assert again.states == [{"rows": 3}]
    assert "3 read = 0 delivered + 3 unchanged + 0 merged" in again.stderr
    changed = run(config, rows(10, 25, 30))
    assert counts(changed) == {"read": 3, "delivered": 1, "unchanged": 2, "requests": 1}
    assert durations(sandbox) == [10, 25, 30]


def test_a_value_that_goes_back_within_a_run_ends_as_it_was(
    run: Runner, config: Config, sandbox: Sandbox
) -> None:
    config["batch_size_rows"] = 1
    run(config, rows(10))
    back = [schema(), *(record(call("u-0", call_duration=n)) for n in (99, 10))]
    done = run(config, back)
    assert done.metric["delivered"] + done.metric["merged"] == 2
    assert durations(sandbox) == [10]
    assert counts(run(config, rows(10))) == {"read": 1, "unchanged": 1}


def test_resend_sends_all_and_renews_the_memory(run: Runner, config: Config) -> None:
    run(config, rows(10, 20))
    assert counts(run(config, rows(10, 20), resend=True))["delivered"] == 2
    assert counts(run(config, rows(10, 20)))["unchanged"] == 2


def test_rows_are_sent_again_when_the_mapping_changes(
    run: Runner, config: Config
) -> None:
    run(config, rows(10))
    config["streams"] = {"*": {"fields": {"minutes": "call_duration"}}}
    assert counts(run(config, rows(10)))["delivered"] == 1


def test_another_project_is_another_place(run: Runner, config: Config) -> None:
    run(config, rows(10))
    assert counts(run({**config, "project_id": 163}, rows(10)))["delivered"] == 1


def test_a_row_refused_by_contentsquare_is_tried_in_every_run(
    run: Runner, config: Config, sandbox: Sandbox, tmp_path: Path
) -> None:
    config["rejected_path"] = str(tmp_path / "rejected.singer")
    run(config, rows(10, 20))
    sandbox.refuse_users(["u-1"])
    for _ in range(2):
        done = run(config, rows(10, 21))
        assert done.metric["rejected"] == {"rejected_by_api": 1}
    sandbox.refuse_users([])
    # Of the value before the refused one it is not known any more that it is held.
    assert counts(run(config, rows(10, 20)))["delivered"] == 1


def test_many_refused_rows_among_unchanged_ones_do_not_end_the_run(
    run: Runner, config: Config, sandbox: Sandbox, tmp_path: Path
) -> None:
    config["rejected_path"] = str(tmp_path / "rejected.singer")
    sandbox.refuse_users([f"u-{number}" for number in range(5, 30)])
    for _ in range(2):
        done = run(config, rows(*range(30)))
        assert done.exit_code == 0, done.errors
        assert done.metric["rejected"] == {"rejected_by_api": 25}
    assert done.metric["unchanged"] == 5


def test_a_dry_run_says_what_would_be_sent_and_remembers_nothing(
    run: Runner, config: Config, memory: Path
) -> None:
    dry = {**config, "dry_run": True}
    assert counts(run(dry, rows(10)))["delivered"] == 1
    assert not memory.exists()
    run(config, rows(10, 20))
    before = memory.read_bytes()
    done = run(dry, rows(10, 21))
    assert (done.metric["unchanged"], done.metric["delivered"]) == (1, 1)
    assert memory.read_bytes() == before


def test_only_the_owner_may_read_the_file_and_it_holds_nothing_readable(
    run: Runner, config: Config, memory: Path
) -> None:
    lines = [
        schema(key_properties=["user_id"]),
        record(call("alice", call_center_name="Lille")),
    ]
    run(config, lines)
    assert stat.S_IMODE(memory.stat().st_mode) == 0o600
    content = memory.read_bytes()
    assert b"alice" not in content
    assert b"Lille" not in content


def test_unchanged_rows_count_for_min_delivered(run: Runner, config: Config) -> None:
    config["min_delivered"] = 2
    run(config, rows(10, 20))
    assert run(config, rows(10, 20)).exit_code == 0
    assert run(config, rows(10)).exit_code == 1
