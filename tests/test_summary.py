from collections.abc import Callable
from typing import Any

from target_contentsquare.sandbox import Sandbox
from target_contentsquare.summary import Summary
from tests.runs import Run
from tests.singer_input import call, calls, record, schema, state, stream_of

Runner = Callable[..., Run]
Config = dict[str, Any]


def test_delivers_and_prints_the_state(
    sandbox: Sandbox, config: Config, command: Runner
) -> None:
    done = command(config, [schema(), *calls(3), state({"bookmark": 3})])
    assert done.exit_code == 0
    assert done.states == [{"bookmark": 3}]
    assert len(sandbox.enrichments) == 3
    assert done.metric["delivered"] == 3


def test_in_process(sandbox: Sandbox, config: Config, run: Runner) -> None:
    done = run(config, [schema(), *calls(3), state({"bookmark": 3})])
    assert done.exit_code == 0, done.stderr
    assert done.states == [{"bookmark": 3}]
    assert len(sandbox.enrichments) == 3
    assert done.metric["delivered"] == 3
    _ = Summary, call, record, stream_of
