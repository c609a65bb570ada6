"""What becomes of thousands of random rows, held against the contract.

`FUZZ_ROWS=100000` makes more of them, `FUZZ_SEED=123` the same as in a run that failed.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from target_contentsquare.delivery.batches import OpenBatches
from target_contentsquare.sandbox import Sandbox
from tests.conftest import config_for
from tests.fuzz import values
from tests.runs import run_here
from tests.singer_input import record, schema, state

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from target_contentsquare.delivery.batches import Batch, Row
    from target_contentsquare.enrichment import Integration, Key
    from tests.fuzz.values import Made

ROWS = int(os.environ.get("FUZZ_ROWS", "4000"))
SEED = int(os.environ.get("FUZZ_SEED", "0")) or Random().randrange(1, 10**9)  # noqa: S311 - it is printed
FIELDS: dict[str, tuple[str, Callable[[Random], Made]]] = {
    "text": ("STRING", values.string),
    "whole": ("INT", values.integer),
    "share": ("FLOAT", values.number),
    "flag": ("BOOL", values.boolean),
    "moment": ("DATETIME", values.moment),
}
SCHEMA = {
    "fields": [
        {"name": name, "type": field_type, "optional": True}
        for name, (field_type, _) in FIELDS.items()
    ]
}


class Expected:
    """What the contract says becomes of the rows."""

    def __init__(self) -> None:
        self.enrichments: dict[tuple[str, int], dict[str, Any]] = {}
        self.rejected: dict[int, set[str]] = {}
        self.dropped = 0

    def add(self, at: int, user: Made, session: Made, made: dict[str, Made]) -> None:
        every = (user, session, *made.values())
        reasons = {one.reason for one in every if one.reason is not None}
        sent = {name: one.sent for name, one in made.items() if one.sent is not None}
        if reasons:
            self.rejected[at] = reasons
        elif not sent:
            self.dropped += 1
        else:
            self.enrichments[user.sent, session.sent] = sent


def lines_and_expected(random: Random) -> tuple[list[str], Expected]:
    names = ["user_id", "session_number", "at", *FIELDS]
    lines, expected = [schema(properties={name: {} for name in names})], Expected()
    for at in range(ROWS):
        user = values.user_id(random, ROWS // 4)
        session = values.session_number(random)
        made = {name: make(random) for name, (_, make) in FIELDS.items()}
        expected.add(at, user, session, made)
        row = {name: one.value for name, one in made.items()}
        identity = {"user_id": user.value, "session_number": session.value, "at": at}
        lines.append(record({**identity, **row}))
    return [*lines, state({"rows": ROWS})], expected


def check_rows(folder: Path, seed: int) -> None:
    """Deliver random rows to a sandbox, and compare with what the contract says."""
    print(f"FUZZ_SEED={seed}")  # noqa: T201 - pytest shows it if the test fails
    lines, expected = lines_and_expected(Random(seed))  # noqa: S311 - repeatable
    source, rejected = folder / "input.singer", folder / "rejected.singer"
    source.write_text("".join(f"{line}\n" for line in lines), "utf-8")
    rejected.unlink(missing_ok=True)
    with Sandbox() as sandbox:
        settings = {"max_rejected": ROWS, "rejected_path": str(rejected)}
        done = run_here(
            config_for(sandbox, integration_schema=SCHEMA, **settings), source
        )
        received = {
            (key.user_id, key.session_number): dict(found)
            for key, found in sandbox.enrichments.items()
        }
    assert (done.exit_code, done.states) == (0, [{"rows": ROWS}]), done.errors
    assert received == expected.enrichments
    found = [json.loads(line) for line in rejected.read_bytes().splitlines()]
    notes = {
        one["record"]["at"]: one["rejected"]["reason"]
        for one in found
        if one["type"] == "RECORD"
    }
    assert notes.keys() == expected.rejected.keys()
    wrong = {
        at: (reason, expected.rejected[at])
        for at, reason in notes.items()
        if reason not in expected.rejected[at]
    }
    assert wrong == {}
    counts = Counter(done.metric["dropped"])
    assert counts == Counter(no_enrichment_fields=expected.dropped)


def test_every_row_ends_where_the_contract_says(tmp_path: Path) -> None:
    check_rows(tmp_path, SEED)


def lose_the_last_row(batches: OpenBatches) -> Iterator[Batch]:
    for batch in take_all(batches):
        batch.rows.popitem()
        yield batch


def keep_the_first_of_a_key(
    batches: OpenBatches, key: Key, integration: Integration, row: Row, clock: Any
) -> tuple[Row | None, Sequence[Batch]]:
    if any(key in batch.rows for batch in batches):
        return row, ()
    return add(batches, key, integration, row, clock)


add = OpenBatches.add
take_all = OpenBatches.take_all


@pytest.mark.parametrize(
    ("name", "broken"),
    [("take_all", lose_the_last_row), ("add", keep_the_first_of_a_key)],
)
def test_a_broken_target_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, broken: Any
) -> None:
    monkeypatch.setattr(OpenBatches, name, broken)
    with pytest.raises(AssertionError):
        check_rows(tmp_path, SEED)
