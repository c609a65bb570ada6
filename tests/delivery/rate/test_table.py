"""The goals for each server, as medians of many seeds."""

import pytest

from tests.delivery.rate.short_runs import REFUSED, SHORT_RUNS, ShortRun
from tests.delivery.rate.table import FURTHER_ROWS, ROWS, Medians, Row, medians


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_the_goals_for_a_server_are_reached(row: Row) -> None:
    check(row, medians(row))


@pytest.mark.parametrize("row", FURTHER_ROWS, ids=str)
def test_nothing_goes_wrong_on_a_server_of_another_kind(row: Row) -> None:
    check(row, medians(row, seeds=5))


@pytest.mark.parametrize("run", SHORT_RUNS, ids=str)
def test_a_short_run_finds_the_rate_of_a_server_that_saves_up_little(
    run: ShortRun,
) -> None:
    seconds, refused = run.medians(seeds=5)
    assert seconds <= run.goal
    assert refused <= REFUSED


def check(row: Row, got: Medians) -> None:
    assert got.time <= row.time, got
    assert got.refused <= row.refused, got
    assert row.in_flight[0] <= got.in_flight <= row.in_flight[1], got
    assert got.most_in_flight <= row.max_in_flight
    assert got.longest_wait <= row.longest_wait, got
    assert got.longest_halt <= row.longest_halt, got
