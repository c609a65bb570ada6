"""Which batches have to wait, since they share a key with one that is not settled."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from target_contentsquare.delivery.batches import Batch
    from target_contentsquare.enrichment import Key


@dataclass(eq=False, slots=True)
class Shipment:
    """A batch as submitted: it holds its keys until all its parts are settled.

    Attributes:
        keys: A set keeps the hashes of its keys, so working with it computes none.
        batch: None once the shipment has begun. Kept, it would close the reference
            cycle part → shipment → batch, and the rows would stay in memory until a
            full garbage collection.
        size: Bytes of its rows, as they arrived.
        parts: Pieces that are not settled: more than one after a refusal.
        waits_for: Earlier shipments, not settled yet, that share a key.
        followers: Later shipments that wait for this one.
    """

    keys: set[Key]
    batch: Batch | None
    size: int
    parts: int = 1
    waits_for: int = 0
    followers: list[Shipment] = field(default_factory=list)

    def begin(self) -> Batch:
        """Return the batch, and let go of it."""
        batch, self.batch = self.batch, None
        assert batch is not None  # noqa: S101 - a shipment begins once
        return batch


class KeyOrder:
    """Keeps shipments that share a key in the order in which they were added.

    Attributes:
        waiting: Shipments that wait for another, in order.
        size: Bytes of the rows of all shipments that are not settled, as they arrived.
    """

    def __init__(self) -> None:
        self._unsettled: dict[Shipment, None] = {}
        self._held: set[Key] = set()
        self.waiting: dict[Shipment, None] = {}
        self.size = 0

    def add(self, batch: Batch) -> Shipment:
        """Take a batch; it may go at once unless the shipment `waits_for` others."""
        shipment = Shipment(set(batch.rows), batch, batch.size)
        if not self._held.isdisjoint(shipment.keys):
            for holder in self._unsettled:
                if not holder.keys.isdisjoint(shipment.keys):
                    holder.followers.append(shipment)
                    shipment.waits_for += 1
        self._held |= shipment.keys
        self._unsettled[shipment] = None
        self.size += shipment.size
        if shipment.waits_for:
            self.waiting[shipment] = None
        return shipment

    def settle(self, shipment: Shipment) -> Iterator[Shipment]:
        """Release the keys of a shipment; yields those that may go now."""
        del self._unsettled[shipment]
        self.size -= shipment.size
        self._held -= shipment.keys
        for follower in shipment.followers:
            self._held |= follower.keys  # including those that both of them held
            follower.waits_for -= 1
            if follower.waits_for == 0:
                del self.waiting[follower]
                yield follower
