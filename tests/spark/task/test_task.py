"""Rows of record batches become enrichments, as those of the Singer target do."""

from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from target_contentsquare.errors import AuthenticationError, TooManyRejectedError
from target_contentsquare.sandbox import Sandbox
from tests.spark.rig import AN_HOUR_AGO, Frame, config_for, frame, results, run, sent

WHEN = datetime(2026, 11, 24, 20, 2, 22, 900_000, tzinfo=timezone.utc)


def schema(**types: str) -> dict[str, Any]:
    fields = [{"name": n, "type": t, "optional": True} for n, t in types.items()]
    return {"fields": fields}


@pytest.mark.parametrize(
    ("spark_type", "value", "expected"),
    [
        ("string", "RENNES", "RENNES"),
        ("boolean", False, False),
        ("tinyint", 7, 7),
        ("bigint", 2**31 - 1, 2**31 - 1),
        ("double", 4.5, 4.5),
        ("float", 4.1, 4.1),
        ("decimal(10,2)", Decimal("5.25"), 5.25),
        ("decimal(20,0)", Decimal(12), 12),
        ("timestamp", WHEN, "2026-11-24T20:02:22Z"),
        ("timestamp_ntz", WHEN.replace(tzinfo=None), "2026-11-24T20:02:22Z"),
        ("date", date(2026, 11, 24), "2026-11-24T00:00:00Z"),
    ],
)
def test_a_value_is_sent_as_the_type_of_its_column(
    sandbox: Sandbox, spark_type: str, value: object, expected: object
) -> None:
    run(config_for(sandbox), frame(field=(spark_type, value)))
    assert sent(sandbox) == [{"field": expected}]


@pytest.mark.parametrize(
    ("spark_type", "value", "expected"),
    [
        ("decimal(10,2)", Decimal("5.00"), "5.00"),
        ("timestamp", WHEN.replace(microsecond=0), "2026-11-24T20:02:22Z"),
        ("date", date(2026, 11, 24), "2026-11-24"),
        ("bigint", 12, "12"),
        ("float", 4.1, "4.1"),
        ("boolean", True, "true"),
    ],
)
def test_a_value_in_a_string_field_is_its_text(
    sandbox: Sandbox, spark_type: str, value: object, expected: str
) -> None:
    config = config_for(sandbox, integration_schema=schema(field="STRING"))
    run(config, frame(field=(spark_type, value)))
    assert sent(sandbox) == [{"field": expected}]


def test_null_is_left_out(sandbox: Sandbox) -> None:
    run(config_for(sandbox), frame(a=("int", None), b=("void", None), c=("int", 1)))
    assert sent(sandbox) == [{"c": 1}]


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("field", ("timestamp", 2**62), "invalid_datetime"),
        ("session_started_at", ("timestamp", 2**62), "invalid_session_started_at"),
        ("field", ("bigint", 2**31), "int_out_of_range"),
        ("field", ("double", float("nan")), "float_out_of_range"),
        ("field", ("string", "x" * 51), "string_too_long"),
    ],
)
def test_a_value_that_can_not_be_sent_rejects_its_row_only(
    sandbox: Sandbox, tmp_path: Any, column: str, value: tuple[str, Any], reason: str
) -> None:
    config = config_for(sandbox, rejected_path=str(tmp_path / "rejected"))
    both: dict[str, Any] = {column: value, "other": ("int", 1)}
    bad, good = frame(**both), frame(**{**both, column: (value[0], None)})
    summary = run(config, bad, Frame(good.types, {**good.values, "user_id": ["v"]}))
    assert dict(summary.total.rejected) == {reason: 1}
    assert sent(sandbox) == [{"other": 1}]


def test_a_date_as_session_start_is_the_end_of_its_day(sandbox: Sandbox) -> None:
    week_ago = (datetime.now(timezone.utc) - timedelta(days=7)).date()
    summary = run(
        config_for(sandbox),
        frame(session_started_at=("date", week_ago), field=("int", 1)),
        frame(session_started_at=("date", week_ago - timedelta(1)), field=("int", 1)),
    )
    assert summary.total.delivered == 1
    assert dict(summary.total.dropped) == {"session_too_old": 1}


def test_batches_are_full_although_record_batches_are_not(sandbox: Sandbox) -> None:
    started = ("timestamp", AN_HOUR_AGO)
    summary = run(
        config_for(sandbox),
        frame(1000, session_started_at=started, field=("int", 5)),
    )
    assert summary.total.delivered == 1000
    assert summary.requests == 5


def test_tasks_of_a_worker_sign_in_once(sandbox: Sandbox) -> None:
    frames = [frame(3, field=("int", n)) for n in range(5)]
    summary = run(config_for(sandbox), *frames)
    assert summary.total.read == 15
    assert summary.requests == 5
    assert sandbox.totals.token_requests == 1


def test_a_task_after_one_that_failed_works(sandbox: Sandbox) -> None:
    wrong = config_for(sandbox, client_id="wrong")
    with pytest.raises(AuthenticationError):
        results(wrong, frame(field=("int", 1)))
    assert run(config_for(sandbox), frame(field=("int", 1))).total.delivered == 1


def test_without_rejected_path_the_first_bad_row_ends_the_job_once(
    sandbox: Sandbox,
) -> None:
    config = config_for(sandbox)
    rows = frame(300, field=("string", "x" * 51))
    (result,) = results(config, rows)
    assert result.failure is not None
    with pytest.raises(TooManyRejectedError, match="partition 0, row 1, field 'field'"):
        run(config, rows)


def test_a_task_keeps_no_more_rejected_rows_than_allowed(
    sandbox: Sandbox, tmp_path: Any
) -> None:
    path = tmp_path / "rejected"
    config = config_for(sandbox, rejected_path=str(path), max_rejected=10)
    rows = frame(50, field=("string", "x" * 51))
    with pytest.raises(TooManyRejectedError, match="more than 10 rows"):
        run(config, rows)
    assert len(path.read_text().splitlines()) == 11


def test_the_last_of_two_rows_with_the_same_key_is_sent(sandbox: Sandbox) -> None:
    types = {"user_id": "string", "session_number": "int", "field": "int"}
    values: dict[str, list[Any]] = {
        "user_id": ["u", "u"],
        "session_number": [1, 1],
        "field": [1, 2],
    }
    summary = run(config_for(sandbox), Frame(types, values))
    assert (summary.total.delivered, summary.total.merged) == (1, 1)
    assert sent(sandbox) == [{"field": 2}]
