import threading
from typing import Any

import pytest

from target_contentsquare.errors import DeliveryError
from target_contentsquare.sandbox import Sandbox
from target_contentsquare.spark.task.fence import Fence
from target_contentsquare.spark.task.worker import worker_for
from tests.conftest import Clock
from tests.spark.rig import config_for, frame, results


def test_a_process_that_runs_may_send_for_hours(clock: Clock) -> None:
    fence = Fence(clock)
    for _ in range(1000):
        clock.now += 59
        fence.note()
    fence.check()


def test_after_a_pause_of_over_60_s_nothing_is_sent_any_more(clock: Clock) -> None:
    fence = Fence(clock)
    clock.now += 61
    with pytest.raises(DeliveryError, match="paused for over 60 s"):
        fence.check()
    clock.now += 1
    fence.note()
    with pytest.raises(DeliveryError, match="paused for over 60 s"):
        fence.check()


def test_the_time_between_two_tasks_is_no_pause(clock: Clock) -> None:
    fence = Fence(clock)
    clock.now += 3600
    with fence:
        fence.check()


def test_the_thread_that_notes_ends_with_the_task() -> None:
    with Fence():
        assert "fence" in [thread.name for thread in threading.enumerate()]
    assert "fence" not in [thread.name for thread in threading.enumerate()]


def test_a_task_that_was_paused_fails_and_sends_nothing(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    config = config_for(sandbox)
    real = Fence.check

    def wake_up(self: Any) -> None:
        clock.now += 100
        real(self)

    monkeypatch.setattr(Fence, "check", wake_up)
    monkeypatch.setattr(Fence.__init__, "__defaults__", (clock,))
    with pytest.raises(DeliveryError, match="paused"):
        results(config, frame(call_duration=("int", 5)))
    assert sandbox.totals.requests == 0
    assert worker_for.cache_info().currsize == 0
