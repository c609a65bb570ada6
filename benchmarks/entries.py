"""The size of a large memory, and how long its entries take.

`python -m benchmarks.entries 10000000` fills a file of its own with so many entries,
in batches of 200 as they are delivered, and looks a million of them up.
"""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
import time
from datetime import datetime, timezone
from pathlib import Path
from random import Random

from target_contentsquare.delivery.memory.database import open_database
from target_contentsquare.delivery.memory.identity import entry_ids
from target_contentsquare.delivery.memory.recall import ROWS_AT_ONCE
from target_contentsquare.delivery.memory.store import Entry, Store

_BATCH_ROWS = 200
_LOOKED_UP = 1_000_000
_SEED = 1


def _ids(first: int, count: int) -> list[int]:
    numbers = range(first, first + count)
    return entry_ids([(1, f"user-{n:010}", 1, 1) for n in numbers], {1: 1})


def _fill(store: Store, count: int) -> float:
    """Write entries, and return the seconds that it took."""
    started = time.perf_counter()
    row, now = bytes(12), int(time.time())
    for first in range(0, count, _BATCH_ROWS):
        ids = sorted(_ids(first, _BATCH_ROWS))
        store.save(
            [
                Entry(
                    entry_id,
                    entry_id.to_bytes(16, "big", signed=True),
                    row,
                    1,
                    1,
                    now,
                    1,
                )
                for entry_id in ids
            ]
        )
    store.commit()
    return time.perf_counter() - started


def _look_up(store: Store, count: int) -> float:
    """Look entries up in a random order, and return the seconds that it took."""
    random = Random(_SEED)  # noqa: S311 - repeatable on purpose
    lots = [
        [
            number
            for _ in range(ROWS_AT_ONCE)
            for number in _ids(random.randrange(count), 1)
        ]
        for _ in range(_LOOKED_UP // ROWS_AT_ONCE)
    ]
    started = time.perf_counter()
    for lot in lots:
        if len(store.fingerprints(lot)) < len(set(lot)):
            raise RuntimeError("an entry is missing")
    return time.perf_counter() - started


def main() -> None:
    """Print what the entries take."""
    parser = argparse.ArgumentParser()
    parser.add_argument("entries", type=int)
    count = parser.parse_args().entries
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "memory.sqlite"
        now = datetime.now(timezone.utc)
        store = Store(open_database(path, now, logging.getLogger("benchmark")), path)
        written = _fill(store, count)
        looked_up = _look_up(store, count)
        started = time.perf_counter()
        store.close()
        closed = time.perf_counter() - started
        sys.stdout.write(
            f"{count:,} entries: {path.stat().st_size:,} bytes; written in "
            f"{written:.0f} s, {_LOOKED_UP:,} looked up in {looked_up:.1f} s, closed "
            f"in {closed:.1f} s\n"
        )


if __name__ == "__main__":
    main()
