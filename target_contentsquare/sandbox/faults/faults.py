"""Faults to order: which requests go wrong, and how."""

from collections.abc import Iterable
from dataclasses import dataclass
from random import Random
from typing import Literal, get_args

Endpoint = Literal["enrichments", "token"]
"""The two endpoints that a fault can be ordered for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something that goes wrong, from one request on for a number of requests.

    A fault with a `status` or `drop="before"` comes ahead of all checks, as from a
    gateway: nothing is stored. `delay_ms` alone makes a slow answer; what the client
    sends is judged after the delay, and not at all when the client hung up meanwhile.

    Attributes:
        status: answer this HTTP status.
        retry_after: with `status`: the `Retry-After` header, verbatim: seconds or an
            HTTP date.
        body: with `status`: the answer's body, verbatim. Default: a JSON message.
        location: with `status`: the `Location` header of a redirect.
        drop: cut the TCP connection instead of answering, "before" anything is
            stored or "after" (then a delay comes between the two).
        after: requests of this endpoint to let pass first, counted from when the
            fault was added.
        count: requests to hit, None for all from then on.
        on: the endpoint.
        delay_ms: milliseconds to wait.
        probability: chance of each due request to be hit, 0 to 1; None is always.
    """

    status: int | None = None
    retry_after: str | int | None = None
    body: str | None = None
    location: str | None = None
    drop: Literal["before", "after"] | None = None
    after: int = 0
    count: int | None = 1
    on: Endpoint = "enrichments"
    delay_ms: float = 0
    probability: float | None = None

    def __post_init__(self) -> None:
        """Refuse a fault that would do nothing, or something else than it says."""
        for wrong, message in (
            (not (self.status or self.drop or self.delay_ms), "does nothing"),
            (self.status and self.drop, "status and drop exclude each other"),
            (self.status and not 200 <= self.status <= 599, "status: 200 to 599"),  # noqa: PLR2004 - the range is what the message says
            (not self.status and self._dresses_an_answer(), "needs a status"),
            (self.drop not in (None, "before", "after"), "drop: before or after"),
            (self.on not in get_args(Endpoint), "on: enrichments or token"),
            (self.after < 0 or self.delay_ms < 0, "after, delay_ms: 0 or more"),
            (self.count is not None and self.count < 1, "count: 1 or more"),
            (not 0 <= (self.probability or 0) <= 1, "probability: 0 to 1"),
        ):
            if wrong:
                raise ValueError(message)

    def _dresses_an_answer(self) -> bool:
        return (self.retry_after, self.body, self.location) != (None, None, None)


@dataclass(slots=True)
class _Pending:
    fault: Fault
    to_pass: int
    left: int | None


class FaultPlan:
    """The faults still to come.

    Every fault counts every request of its endpoint towards its own `after`. Of
    those then due the one added first is applied; the others wait for the next
    request, so that adding 503 twice and 429 once gives 503, 503, 429.

    Args:
        seed: of the random numbers that `probability` is decided with.
    """

    def __init__(self, seed: int) -> None:
        """Start with none."""
        self.seed = seed
        self.uses_probability = False
        self._random = Random(seed)  # noqa: S311 - repeatable on purpose
        self._pending: list[_Pending] = []

    def add(self, faults: Iterable[Fault]) -> None:
        """Order more faults."""
        for fault in faults:
            self._pending.append(_Pending(fault, fault.after, fault.count))
            self.uses_probability |= fault.probability is not None

    def clear(self) -> None:
        """Cancel all of them, and draw the same random numbers as from the start."""
        self._pending.clear()
        self.uses_probability = False
        self._random = Random(self.seed)  # noqa: S311 - repeatable on purpose

    def next_for(self, endpoint: Endpoint) -> Fault | None:
        """Count one request of this endpoint and return the fault that hits it."""
        chosen: _Pending | None = None
        for pending in [p for p in self._pending if p.fault.on == endpoint]:
            if pending.to_pass:
                pending.to_pass -= 1
            elif chosen is None and self._strikes(pending.fault):
                chosen = pending
        return self._spend(chosen) if chosen else None

    def _strikes(self, fault: Fault) -> bool:
        return fault.probability is None or self._random.random() < fault.probability

    def _spend(self, pending: _Pending) -> Fault:
        if pending.left is not None:
            pending.left -= 1
            if not pending.left:
                self._pending.remove(pending)
        return pending.fault
