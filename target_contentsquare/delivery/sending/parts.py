"""What was submitted: what waits for an earlier batch, and what may be sent."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from target_contentsquare.delivery.batches import MOST_BYTES
from target_contentsquare.delivery.key_order import KeyOrder
from target_contentsquare.delivery.sending.ready import Ready

if TYPE_CHECKING:
    from collections.abc import Iterator

    from target_contentsquare.delivery.batches import Batch
    from target_contentsquare.delivery.key_order import Shipment

# With several projects so many batches may wait, so that one with a low rate does not
# hold up the others: 20,000 rows.
_MOST_READY = 100


@dataclass(eq=False, slots=True)
class Part:
    """What one request sends: a shipment, or a piece of one that was refused."""

    batch: Batch
    shipment: Shipment


class Parts:
    """Keeps the parts of all shipments until they are settled.

    Args:
        max_in_flight: Requests at the same time.

    Attributes:
        ready: Those that may be sent now.
    """

    def __init__(self, max_in_flight: int) -> None:
        self._max_in_flight = max_in_flight
        self._order = KeyOrder()
        self._unsettled: dict[Part, None] = {}
        self._per_project: Counter[int | None] = Counter()
        self.ready = Ready()

    def __len__(self) -> int:
        """Return how many parts are being sent or may be sent."""
        return len(self._unsettled)

    def add(self, batch: Batch) -> None:
        """Take a batch: it is ready, or waits for an earlier one with the same key."""
        shipment = self._order.add(batch)
        if not shipment.waits_for:
            self._begin(shipment)

    def is_overfull(self) -> bool:
        """Return whether so much waits that reading has to wait, too."""
        if len(self._order.waiting) > self._max_in_flight:
            return True
        if self._order.size > MOST_BYTES:
            return True
        if len(self._per_project) > 1:
            return len(self.ready) >= _MOST_READY
        return len(self._unsettled) > self._max_in_flight

    def try_again(self, part: Part) -> None:
        """Make a part ready that was sent and not taken."""
        self.ready.add(part)

    def split(self, part: Part) -> None:
        """Make the two halves of a refused part ready in its place."""
        self._forget(part)
        for half in part.batch.halves():
            self._add(Part(half, part.shipment))
        part.shipment.parts += 1

    def settle(self, part: Part) -> None:
        """Let go of a part; with its shipment's last one, those who wait may go."""
        self._forget(part)
        shipment = part.shipment
        shipment.parts -= 1
        if shipment.parts == 0:
            for follower in self._order.settle(shipment):
                self._begin(follower)

    @property
    def unsettled(self) -> Iterator[Batch]:
        """The batches that hold rows which are not settled."""
        yield from (part.batch for part in self._unsettled)
        for shipment in self._order.waiting:
            if shipment.batch is not None:
                yield shipment.batch

    def _begin(self, shipment: Shipment) -> None:
        self._add(Part(shipment.begin(), shipment))

    def _add(self, part: Part) -> None:
        self._unsettled[part] = None
        self._per_project[part.batch.project_id] += 1
        self.ready.add(part)

    def _forget(self, part: Part) -> None:
        del self._unsettled[part]
        project_id = part.batch.project_id
        self._per_project[project_id] -= 1
        if not self._per_project[project_id]:
            del self._per_project[project_id]
