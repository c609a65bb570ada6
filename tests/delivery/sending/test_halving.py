"""Batches that Contentsquare refuses: the good rows arrive, the bad ones are found."""

import math
import random
from pathlib import Path

import pytest

from target_contentsquare.sandbox import Fault, Sandbox
from tests.runs import Config, Runner
from tests.singer_input import call, calls, record, schema, state


@pytest.fixture(autouse=True)
def _keep_rejected_rows(config: Config, tmp_path: Path) -> None:
    config["rejected_path"] = str(tmp_path / "rejected.singer")


@pytest.mark.parametrize("bad", [1, 2, 3, 7, 19])
def test_good_rows_arrive_and_the_search_stays_cheap(
    config: Config, run: Runner, sandbox: Sandbox, bad: int
) -> None:
    seed = 8750 + bad
    print("seed", seed)  # noqa: T201 - to repeat a failure
    users = {f"u-{n}" for n in random.Random(seed).sample(range(200), bad)}  # noqa: S311 - repeatable
    sandbox.refuse_users(users)
    done = run(config, [schema(), *calls(200), state({"at": 200})])
    assert (done.exit_code, done.states) == (0, [{"at": 200}])
    assert {key.user_id for key in sandbox.enrichments} == {
        f"u-{n}" for n in range(200)
    } - users
    assert done.metric["rejected"] == {"rejected_by_api": bad}
    extra = len(sandbox.requests) - 1
    assert extra <= 2 * bad * math.log2(200) + 1


@pytest.mark.parametrize("place", [0, 1, 99, 100, 198, 199])
def test_one_bad_row_anywhere(
    config: Config, run: Runner, sandbox: Sandbox, place: int
) -> None:
    sandbox.refuse_users([f"u-{place}"])
    run(config, [schema(), *calls(200)])
    assert len(sandbox.enrichments) == 199
    assert len(sandbox.requests) <= 2 * math.ceil(math.log2(200)) + 1


def test_a_refused_batch_does_not_hold_up_or_overtake_later_rows(
    config: Config, run: Runner, sandbox: Sandbox
) -> None:
    sandbox.refuse_users(["u-3"])
    config["max_parallel_requests"] = 8
    later = [record(call(f"u-{n}", call_duration=7)) for n in range(200)]
    done = run(config, [schema(), *calls(200), *later])
    assert done.exit_code == 0
    assert len(sandbox.enrichments) == 199
    assert {v["call_duration"] for v in sandbox.enrichments.values()} == {7}


def test_retries_and_token_renewals_in_the_middle_of_it(
    config: Config, run: Runner, sandbox: Sandbox
) -> None:
    sandbox.refuse_users(["u-3", "u-150"])
    sandbox.add_fault(Fault(status=401, after=2), Fault(drop="after", after=4))
    done = run(config, [schema(), *calls(200), state(200)])
    assert (done.exit_code, done.states) == (0, [200])
    assert len(sandbox.enrichments) == 198


def test_when_every_row_is_refused_the_run_ends_early_and_names_what_they_share(
    config: Config, run: Runner, sandbox: Sandbox
) -> None:
    sandbox.refuse_users(f"u-{n}" for n in range(2000))
    done = run(config, [schema(), *calls(2000), state(2000)])
    assert (done.exit_code, done.states) == (1, [])
    (error,) = done.errors
    assert "the first 20 were refused alone and none was delivered" in error
    assert "project 162 (integration version 1)" in error
    assert "integration_schema" in error
    assert "all have 'call_duration'" in error
    assert len(sandbox.requests) < 200


def test_refused_rows_are_bad_rows_once_one_was_delivered(
    config: Config, run: Runner, sandbox: Sandbox
) -> None:
    config["batch_size_rows"] = 20
    sandbox.refuse_users(f"u-{n}" for n in range(20, 60))
    done = run(config, [schema(), *calls(60), state(60)])
    assert (done.exit_code, done.states[-1:]) == (0, [60])
    assert done.metric["rejected"] == {"rejected_by_api": 40}


def test_a_bad_version_is_not_halved(
    config: Config, run: Runner, sandbox: Sandbox
) -> None:
    run({**config, "integration_version": 9}, [schema(), *calls(200)])
    assert len(sandbox.requests) == 1
