"""Faults that tests of lost and overtaken rows have to find."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from target_contentsquare.delivery.batches import OpenBatches
from target_contentsquare.delivery.key_order import KeyOrder
from target_contentsquare.singer.results import shared_file
from target_contentsquare.singer.results.checkpoint import Checkpoint
from target_contentsquare.singer.results.rejected_file import RejectedFile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import FileIO

    from target_contentsquare.delivery.batches import Batch
    from target_contentsquare.delivery.key_order import Shipment

newest_safe = Checkpoint.newest_safe
add = KeyOrder.add
text = RejectedFile._text  # noqa: SLF001 - broken below on purpose


def do_not_keep_order(order: KeyOrder, batch: Batch) -> Shipment:
    """Take a batch, and let it go before an earlier one with the same key."""
    shipment = add(order, batch)
    shipment.waits_for = 0
    order.waiting.pop(shipment, None)
    return shipment


def do_not_hold_keys(order: KeyOrder, batch: Batch) -> Shipment:
    """Take a batch, and forget its keys while it is being sent."""
    shipment = add(order, batch)
    order._held.clear()  # noqa: SLF001 - broken on purpose
    return shipment


def print_unchecked(checkpoint: Checkpoint, oldest: int) -> bytes | None:
    """Return the newest state, whatever is not delivered yet."""
    _ = oldest
    return newest_safe(checkpoint, 10**9)


def flush_nothing(batches: OpenBatches) -> Iterator[Batch]:
    """Return no batch at the end of the input."""
    _ = batches
    return iter(())


def leave_last_line_torn(file: FileIO) -> None:
    """Append to the half line that a killed run has left."""
    _ = file


def write_schemas_once(file: RejectedFile, is_continued: bool) -> bytes:  # noqa: FBT001 - as it is called
    """Return the rows without the SCHEMA, though another run has appended its own."""
    _ = is_continued
    return text(file, True)  # noqa: FBT003 - as it is called


#: By name, what is replaced and what with.
FAULTS = {
    "order off": (KeyOrder, "add", do_not_keep_order),
    "keys not held": (KeyOrder, "add", do_not_hold_keys),
    "state unchecked": (Checkpoint, "newest_safe", print_unchecked),
    "no flush": (OpenBatches, "take_all", flush_nothing),
}
#: The same, for runs that append to one rejected file.
SHARED_FILE_FAULTS = {
    "lock off": (shared_file, "locked", contextlib.nullcontext),
    "torn line kept": (shared_file, "end_last_line", leave_last_line_torn),
    "schema once": (RejectedFile, "_text", write_schemas_once),
}
