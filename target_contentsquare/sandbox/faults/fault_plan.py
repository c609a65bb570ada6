"""Which request is hit by which fault."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from random import Random

from target_contentsquare.sandbox.faults.fault import Endpoint, Fault


@dataclass(slots=True)
class _Pending:
    fault: Fault
    to_pass: int
    left: int | None


class FaultPlan:
    """The faults still to come.

    Every fault counts every request of its endpoint towards its own `after`. When
    several are due, the first one added is applied and the others wait for the next
    request: adding 503 twice and 429 once gives 503, 503, 429.

    Args:
        seed: of the random numbers that `probability` is decided with.
    """

    def __init__(self, seed: int) -> None:
        """Make a plan without faults."""
        self.seed = seed
        self.uses_probability = False
        self._random = Random(seed)  # noqa: S311 - repeatable on purpose
        self._pending: list[_Pending] = []

    def add(self, faults: Iterable[Fault]) -> None:
        """Add faults; their `after` counts from now."""
        for fault in faults:
            self._pending.append(_Pending(fault, fault.after, fault.count))
            self.uses_probability |= fault.probability is not None

    def clear(self) -> None:
        """Remove all faults and start the random numbers again from the seed."""
        self._pending.clear()
        self.uses_probability = False
        self._random = Random(self.seed)  # noqa: S311 - repeatable on purpose

    def sentences(self) -> Iterator[str]:
        """Yield what the page says of the faults still to come."""
        for pending in self._pending:
            yield _sentence(pending)

    def next_for(self, endpoint: Endpoint) -> Fault | None:
        """Count one request of this endpoint and return the fault that hits it."""
        chosen: _Pending | None = None
        for pending in [p for p in self._pending if p.fault.on == endpoint]:
            if pending.to_pass:
                pending.to_pass -= 1
            elif chosen is None and self._hits(pending.fault):
                chosen = pending
        return self._use(chosen) if chosen else None

    def _hits(self, fault: Fault) -> bool:
        return fault.probability is None or self._random.random() < fault.probability

    def _use(self, pending: _Pending) -> Fault:
        if pending.left is not None:
            pending.left -= 1
            if not pending.left:
                self._pending.remove(pending)
        return pending.fault


def _sentence(pending: _Pending) -> str:
    fault, left = pending.fault, pending.left
    name, names = ("batch", "batches")
    if fault.on == "token":
        name, names = ("sign-in", "sign-ins")
    which = f"Every {name}" if left is None else f"The next {left} {names}"
    if left == 1:
        which = f"The next {name}"
    after = f" after {pending.to_pass} more" if pending.to_pass else ""
    chance = f", with probability {fault.probability:g}" if fault.probability else ""
    return f"{which}{after}: {_what_happens(fault)}{chance}"


def _what_happens(fault: Fault) -> str:
    parts = []
    if fault.delay_ms:
        parts.append(f"delay {fault.delay_ms:g} ms")
    if fault.status:
        parts.append(f"answer {fault.status}")
    if fault.retry_after is not None:
        parts.append(f"Retry-After {fault.retry_after}")
    if fault.drop:
        parts.append(f"connection cut {fault.drop} it is handled")
    return ", ".join(parts)
