"""An outbox that tells the observer what is put and what is passed over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from target_contentsquare.delivery.outbox import Outbox

if TYPE_CHECKING:
    from target_contentsquare.delivery.batches import Row
    from target_contentsquare.enrichment import Integration, Key
    from tests.simulation.contentsquare import Contentsquare
    from tests.simulation.observer import Observer


class ObservedOutbox(Outbox):
    """The real outbox, observed."""

    def __init__(
        self, observer: Observer, server: Contentsquare, *arguments: Any, **more: Any
    ) -> None:
        super().__init__(*arguments, **more)
        self._observer = observer
        self._server = server

    def put(self, key: Key, integration: Integration, row: Row) -> None:
        self._observer.row_put(row.number, key)
        super().put(key, integration, row)

    def pass_over(self, row: Row) -> None:
        self._observer.row_passed_over(row.number, self._server)
        super().pass_over(row)

    def tick(self) -> None:
        self._observer.expect_old_batches()
        super().tick()

    def flush(self) -> None:
        self._observer.expect_open_batches()
        super().flush()
