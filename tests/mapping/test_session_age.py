"""When a session started, in every form, and which are too old."""

from contextlib import suppress
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from target_contentsquare.errors import UnfitValueError
from target_contentsquare.mapping.session_age import latest_start

START = datetime(2026, 11, 20, 20, 2, 22, tzinfo=timezone.utc)
EVENING = START.timestamp()
HALF_A_SECOND = timedelta(seconds=0.5)


@pytest.mark.parametrize(
    "value",
    [
        "2026-11-20T20:02:22Z",
        "2026-11-20T20:02:22",
        "2026-11-20 20:02:22",
        "2026-11-20T21:02:22+01:00",
        "2026-11-20T15:02:22-05:00",
        "2026-11-20 20:02:22+00:00",
        EVENING,
        int(EVENING),
        str(int(EVENING)),
        f"{int(EVENING)}.0",
        int(EVENING) * 1000,
        str(int(EVENING) * 1000),
        f" {int(EVENING)} ",
        int(EVENING) * 10**6,
        str(int(EVENING) * 10**9),
        "2026-11-20 20:02:22 UTC",
        "2026-11-20 12:02:22.000 -0800",
        "20261120T200222Z",
    ],
)
def test_dates_with_a_time_of_day_and_unix_times(value: Any) -> None:
    assert latest_start(value) == START


def test_fractions_of_seconds_count() -> None:
    assert latest_start("2026-11-20T20:02:22.5Z") == START + HALF_A_SECOND
    assert latest_start(EVENING * 1000 + 500) == START + HALF_A_SECOND


@pytest.mark.parametrize("value", ["2026-11-20", "20261120", " 2026-11-20 ", 20261120])
def test_a_date_may_have_been_as_late_as_its_end(value: Any) -> None:
    start = latest_start(value)
    assert start is not None
    assert start.isoformat() == "2026-11-20T23:59:59.999999+00:00"


@pytest.mark.parametrize("value", [None, "", "  "])
def test_null_and_blank_text_are_not_known(value: Any) -> None:
    assert latest_start(value) is None


@pytest.mark.parametrize(
    "value",
    [
        "yesterday",
        "2026-13-01",
        "20/11/2026",
        True,
        False,
        [],
        {},
        -62_169_984_000,
        -1000000000000000.0,
        float("nan"),
        float("inf"),
        10**400,
        "1" * 15,
        "202611241026",
        "20261124102621",
        20261124102621,
        "2026-11-24+02:00",
        "0000-00-00 00:00:00",
        "1e9",
        "2026-11-20T",
        "�",
        "\uff12\uff10\uff12\uff16-11-20",
    ],
)
def test_what_is_no_session_start(value: Any) -> None:
    with pytest.raises(UnfitValueError) as refused:
        latest_start(value)
    assert refused.value.reason == "invalid_session_started_at"
    assert refused.value.field == "session_started_at"


@pytest.mark.parametrize(
    "value", ["9999-12-31", "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59"]
)
def test_the_ends_of_time_are_a_start_or_a_reason(value: str) -> None:
    with suppress(UnfitValueError):
        start = latest_start(value)
        assert start is not None
        assert start - START != timedelta()
