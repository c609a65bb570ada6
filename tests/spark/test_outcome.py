import json
import stat
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from target_contentsquare.errors import (
    ConfigError,
    DeliveryError,
    OutputError,
    TooManyRejectedError,
)
from target_contentsquare.sandbox import Sandbox
from target_contentsquare.spark.config import read_config
from target_contentsquare.spark.rejected_file import check_is_new, check_stays
from target_contentsquare.spark.send import check_for_stream, of_batch
from tests.conftest import config_for as target_config_for
from tests.runs import Run
from tests.spark import rig
from tests.spark.rig import AN_HOUR_AGO, config_for, frame, sent


def test_counts_of_all_partitions_add_up(sandbox: Sandbox, tmp_path: Path) -> None:
    config = config_for(
        sandbox,
        rejected_path=str(tmp_path / "rejected"),
        report_path=str(tmp_path / "report.json"),
    )
    summary = rig.run(
        config,
        frame(3, field=("string", "x")),
        frame(2, field=("string", "x" * 51)),
        frame(1, field=("string", None)),
    )
    total = summary.total
    assert (total.read, total.delivered, total.unsettled) == (6, 3, 0)
    assert dict(total.dropped) == {"no_enrichment_fields": 1}
    report = json.loads((tmp_path / "report.json").read_text())["rows"]
    assert report["streams"]["rows"]["read"] == 6
    assert report["rejected"] == {"string_too_long": 2}


def test_ages_of_the_sessions_of_all_partitions_add_up(sandbox: Sandbox) -> None:
    config = config_for(sandbox)
    field = ("int", 1)
    an_hour_ago = datetime.now(timezone.utc) - timedelta(hours=1)
    summary = rig.run(
        config,
        frame(3, session_started_at=("timestamp", an_hour_ago), field=field),
        frame(
            1,
            session_started_at=("timestamp", an_hour_ago - timedelta(hours=156)),
            field=field,
        ),
        frame(1, session_started_at=("timestamp", None), field=field),
    )
    ages = summary.as_dict()["session_ages"]
    assert ages == {
        "median_below_hours": 2,
        "p95_below_hours": 158,
        "oldest_hours": 157.0,
        "under_12_hours_left": 1,
        "without_start": 1,
        "in_future": 0,
    }


@pytest.mark.parametrize("name", ["report.json", "report.html"])
def test_the_report_is_the_one_that_the_target_writes(
    sandbox: Sandbox, tmp_path: Path, name: str
) -> None:
    path = tmp_path / name
    config = config_for(
        sandbox, rejected_path=str(tmp_path / "rejected"), report_path=str(path)
    )
    rig.run(config, frame(2, field=("string", "x")), frame(1, field=("string", "y")))
    text = path.read_text()
    assert sandbox.client_secret not in text
    if name.endswith(".html"):
        assert "The run went well." in text
        assert "<td>field</td>" in text
    else:
        report = json.loads(text)
        assert report["error"] is None
        assert report["rows"]["delivered"] == 3
        assert report["mapping"][0]["fields"][0]["field"] == "field"
        assert report["settings"]["max_parallel_requests"] == 8


def test_the_report_tells_why_the_job_failed(sandbox: Sandbox, tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    config = config_for(sandbox, min_delivered=3, report_path=str(path))
    with pytest.raises(DeliveryError):
        rig.run(config, frame(2, field=("int", 1)))
    assert "fewer than min_delivered (3)" in json.loads(path.read_text())["error"]


def test_the_target_sends_the_rows_of_the_rejected_file(
    sandbox: Sandbox, tmp_path: Path, run: Callable[..., Run]
) -> None:
    path = tmp_path / "rejected"
    columns: dict[str, tuple[str, Any]] = {
        "session_started_at": ("timestamp", AN_HOUR_AGO),
        "amount": ("decimal(10,2)", Decimal("5.00")),
        "name": ("string", "x" * 51),
    }
    config = config_for(sandbox, rejected_path=str(path))
    rig.run(
        config, frame(2, **columns), frame(1, **{**columns, "name": ("string", "y")})
    )
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    sandbox.reset()
    fixed = target_config_for(sandbox, truncate_strings=True)
    done = run(fixed, path.read_text().splitlines())
    assert done.exit_code == 0
    assert sent(sandbox) == [{"amount": 5.0, "name": "x" * 50}] * 2


def test_the_rows_of_an_earlier_job_are_not_overwritten(tmp_path: Path) -> None:
    check_is_new(str(tmp_path / "rejected"))
    (tmp_path / "rejected").touch()
    with pytest.raises(ConfigError, match="holds the rows of an earlier job"):
        check_is_new(str(tmp_path / "rejected"))


def test_a_file_in_the_folder_of_a_connect_session_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    check_stays("rejected_path", "rejected")
    monkeypatch.setenv("SPARK_JOB_ARTIFACT_UUID", tmp_path.name)
    with pytest.raises(ConfigError, match="rejected_path: 'rejected' would be in a"):
        check_stays("rejected_path", "rejected")
    with pytest.raises(ConfigError, match="report_path: 'reports/1"):
        check_stays("report_path", "reports/1.json")
    check_stays("rejected_path", str(tmp_path.parent / "rejected"))
    check_stays("rejected_path", "memory://rejected")


def test_a_path_that_can_not_be_written_is_told(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    with pytest.raises(OutputError, match="can't be written"):
        check_is_new("nonsense://bucket/rejected")
    config = config_for(sandbox, rejected_path=str(tmp_path / "none" / "rejected"))
    rows = frame(1, field=("string", "x" * 51))
    with pytest.raises(OutputError, match="can't be written"):
        rig.run(config, rows, frame(1, field=("string", "x")))


def test_more_than_max_rejected_in_all_partitions_fails_the_job_with_the_file(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    path = tmp_path / "rejected"
    config = config_for(sandbox, rejected_path=str(path), max_rejected=3)
    rows = [frame(2, field=("string", "x" * 51)), frame(2, field=("string", "x"))]
    rig.run(config, *rows)
    with pytest.raises(TooManyRejectedError, match=r"more than max_rejected \(3\)"):
        rig.run(config, *rows, rows[0])
    assert len(path.read_text().splitlines()) == 5


def test_a_share_of_rejected_rows_is_of_all_partitions(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    path = str(tmp_path / "rejected")
    rows = [frame(1, field=("string", "x" * 51)), frame(9, field=("string", "x"))]
    rig.run(config_for(sandbox, rejected_path=path, max_rejected="10%"), *rows)
    with pytest.raises(TooManyRejectedError, match=r"max_rejected \(9%\)"):
        rig.run(config_for(sandbox, rejected_path=path, max_rejected="9%"), *rows)


def test_a_job_that_delivered_nothing_but_rejected_fails(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    config = config_for(sandbox, rejected_path=str(tmp_path / "rejected"))
    with pytest.raises(TooManyRejectedError, match="no row was delivered"):
        rig.run(config, frame(2, field=("string", "x" * 51)))


def test_a_micro_batch_of_one_bad_row_does_not_end_a_stream(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    path = str(tmp_path / "rejected")
    config = config_for(sandbox, rejected_path=path, min_delivered=5)
    rig.run(of_batch(config, 7), frame(1, field=("string", "x" * 51)))
    assert len((tmp_path / "rejected.7").read_text().splitlines()) == 2


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "rejected_path: is required for a stream"),
        ({"rejected_path": "r", "max_rejected": "5%"}, "max_rejected: must be a count"),
    ],
)
def test_what_would_end_a_stream_after_each_restart_is_refused(
    sandbox: Sandbox, settings: dict[str, str], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        check_for_stream(config_for(sandbox, **settings))


def test_all_faults_of_a_row_are_in_the_file(sandbox: Sandbox, tmp_path: Path) -> None:
    path = tmp_path / "rejected"
    config = config_for(sandbox, rejected_path=str(path))
    bad: dict[str, tuple[str, Any]] = {
        "name": ("string", "x" * 51),
        "seconds": ("bigint", 2**40),
    }
    good: dict[str, tuple[str, Any]] = {"name": ("string", "x"), "seconds": ("int", 1)}
    rig.run(config, frame(1, **bad), frame(1, **good))
    rejected = json.loads(path.read_text().splitlines()[1])["rejected"]
    reasons = [fault["reason"] for fault in rejected["faults"]]
    assert reasons == ["string_too_long", "int_out_of_range"]


def test_a_dry_run_counts_rejected_rows_and_does_not_fail() -> None:
    config = read_config({"dry_run": True, "project_id": 162})
    summary = rig.run(config, frame(2, field=("string", "x" * 51)))
    assert dict(summary.total.rejected) == {"string_too_long": 2}


def test_fewer_than_min_delivered_fails(sandbox: Sandbox) -> None:
    config = config_for(sandbox, min_delivered=3)
    rig.run(config, frame(3, field=("int", 1)))
    with pytest.raises(DeliveryError, match=r"fewer than min_delivered \(3\)"):
        rig.run(config, frame(2, field=("int", 1)))
