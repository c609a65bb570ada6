"""The wiring: what a run gives back, and what it leaves behind."""

import gc
import io
import logging
import warnings
from typing import Any

import pytest
from singer_sdk.exceptions import ConfigValidationError

from target_contentsquare.sandbox import Sandbox
from target_contentsquare.singer.target import TargetContentsquare
from tests.runs import Config, Runner
from tests.singer_input import calls, schema, state


@pytest.fixture
def source() -> io.BytesIO:
    lines = [schema(), *calls(3), state({"at": 3})]
    return io.BytesIO("".join(f"{line}\n" for line in lines).encode())


def test_a_run_within_a_program(
    config: Config,
    sandbox: Sandbox,
    source: io.BytesIO,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert TargetContentsquare(config=config).run(source) == 0
    assert capsys.readouterr().out == '{"at": 3}\n'
    assert len(sandbox.enrichments) == 3


def test_two_runs_share_nothing(config: Config, run: Runner, sandbox: Sandbox) -> None:
    other = {**config, "batch_size_rows": 1, "streams": {"calls": {"project_id": 163}}}
    assert run(config, [schema(), *calls(2)]).metric["requests"] == 1
    assert run(other, [schema(), *calls(2)]).metric["requests"] == 2
    assert run(config, [schema(), *calls(2)]).metric["requests"] == 1
    assert {key.project_id for key in sandbox.enrichments} == {162, 163}


def test_a_run_leaves_no_socket_open(
    config: Config, source: io.BytesIO, capsys: pytest.CaptureFixture[str]
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", ResourceWarning)
        target = TargetContentsquare(config=config)
        target.run(source)
        del target
        gc.collect()
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("config", [{}, {"client_id": 7}, {"streams": 7}])
def test_settings_are_checked_when_it_is_made(config: dict[str, Any]) -> None:
    with pytest.raises(ConfigValidationError) as refused:
        TargetContentsquare(config=config)
    assert refused.value.errors


def test_records_are_only_validated_when_asked_for() -> None:
    properties = TargetContentsquare.config_jsonschema["properties"]
    assert properties["validate_records"]["default"] is False


def test_what_mappers_make_of_a_row_is_not_logged(config: Config) -> None:
    TargetContentsquare(config=config)
    assert not logging.getLogger("singer_sdk.mapper").isEnabledFor(logging.DEBUG)
