"""What is known of a request from its start on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Attempt:
    """A request to one project.

    Attributes:
        number: Requests to the project are counted from 1 on, in the order of start.
        started_at: Seconds on the clock of delivery.
        in_flight: Requests to the project in flight when it started, itself included.
    """

    number: int
    started_at: float
    in_flight: int
