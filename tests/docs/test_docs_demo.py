"""The demo's calls are delivered or rejected as the demo says; no tap is needed."""

import json
import random
from datetime import datetime, timedelta, timezone
from pathlib import Path

from demo import expected, rejected
from demo.make_calls import COLUMNS, make_calls, write
from target_contentsquare.sandbox import Sandbox
from tests.docs.pages import ROOT
from tests.runs import run_here
from tests.singer_input import stream_of

_PROPERTIES = {name: {"type": ["string", "null"]} for name in COLUMNS}


def test_the_demos_config_delivers_what_the_csv_file_says(tmp_path: Path) -> None:
    seed = random.SystemRandom().getrandbits(32)
    print("seed", seed)  # noqa: T201 - to repeat a failure
    now = datetime.now(timezone.utc)
    write(tmp_path / "calls.csv", make_calls(600, seed, now))
    rows = expected.read(tmp_path / "calls.csv")
    schema = json.loads((ROOT / "demo/integration-schema.json").read_text("utf-8"))
    config = json.loads((ROOT / "demo/config.json").read_text("utf-8"))
    with Sandbox(integration_schemas={1: schema}) as sandbox:
        config["auth_url"] = sandbox.auth_url
        config["integration_schema"] = schema
        config["rejected_path"] = str(tmp_path / "rejected.singer")
        source = tmp_path / "calls.singer"
        lines = stream_of(rows, _PROPERTIES)
        source.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        assert run_here(config, source).exit_code == 0
        recent = [row for row in rows if not expected.is_too_old(row, now)]
        good = [row for row in recent if expected.problem(row) is None]
        assert dict(sandbox.enrichments) == expected.enrichments(good)
        assert len(recent) - len(good) == 5

        corrected = tmp_path / "corrected.singer"
        rejected.write_corrected(tmp_path / "rejected.singer", corrected)
        assert run_here({**config, "truncate_strings": True}, corrected).exit_code == 0
        assert dict(sandbox.enrichments) == expected.enrichments(recent)


def test_the_same_seed_makes_the_same_calls() -> None:
    now = datetime(2026, 11, 24, tzinfo=timezone.utc)
    assert list(make_calls(100, 7, now)) == list(make_calls(100, 7, now))


def test_no_call_is_near_the_limit_of_seven_days() -> None:
    now = datetime(2026, 11, 24, tzinfo=timezone.utc)
    for call in make_calls(500, 7, now):
        age = now - datetime.fromisoformat(call["visit_started_at"])
        assert abs(age - timedelta(days=7)) > timedelta(minutes=50)
