"""A row that waits to be looked up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from target_contentsquare.delivery.origin import Origin
    from target_contentsquare.enrichment import Enrichment, Integration, Key


class WaitingRow(msgspec.Struct, frozen=True, gc=False):
    """What `Outbox.put` takes. A named tuple takes 0.7 µs more to make."""

    key: Key
    integration: Integration
    enrichment: Enrichment
    origin: Origin

    def numbered(self, number: int) -> WaitingRow:
        """Return the row with an enrichment number."""
        key = (*self.key[:3], number)
        enrichment = msgspec.structs.replace(self.enrichment, enrichment_number=number)
        return WaitingRow(key, self.integration, enrichment, self.origin)
