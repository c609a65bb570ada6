"""What becomes of thousands of random rows, held against the contract.

`FUZZ_ROWS=100000` makes more of them, `FUZZ_SEED=123` the same as in a run that failed.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from datetime import datetime, timezone
from functools import partial
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from target_contentsquare.delivery.batches import Change, OpenBatches
from target_contentsquare.errors import UnfitValueError
from target_contentsquare.mapping import row_function
from target_contentsquare.mapping.row_function import compile_row_function
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
    from target_contentsquare.mapping.row_function import RowFunction, RowPlan
    from tests.fuzz.values import Made

ROWS = int(os.environ.get("FUZZ_ROWS", "4000"))
# A broken copy shows in fewer rows.
ROWS_OF_BROKEN_COPIES = 800
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


KEY = ("project_id", "user_id", "session_number", "enrichment_number")
MAPPING = {
    "enrichment_number": "enrichment_number",
    "project_id": "project_id",
    "fields": {name: name for name in FIELDS},
}


class Expected:
    """What the contract says becomes of the rows.

    Attributes:
        enrichments: By project, user id, session number and enrichment number.
        faults: Field and reason of all faults of each rejected row, by its number.
        dropped: How many rows are dropped, by reason.
    """

    def __init__(self) -> None:
        self.enrichments: dict[tuple[Any, ...], dict[str, Any]] = {}
        self.faults: dict[int, list[tuple[str, str]]] = {}
        self.dropped: Counter[str] = Counter()

    def add(self, at: int, made: dict[str, Made]) -> None:
        faults = [(name, it.reason) for name, it in made.items() if it.reason]
        sent = {name: made[name].sent for name in FIELDS if made[name].sent is not None}
        if made["session_started_at"].too_old:
            self.dropped["session_too_old"] += 1
        elif faults:
            self.faults[at] = sorted(faults)
        elif not sent:
            self.dropped["no_enrichment_fields"] += 1
        else:
            self.enrichments[tuple(made[name].sent for name in KEY)] = sent


def lines_and_expected(random: Random, rows: int) -> tuple[list[str], Expected]:
    makers: dict[str, Callable[[Random], Made]] = {
        "session_started_at": values.session_start,
        # So few users that rows overwrite each other.
        "user_id": partial(values.user_id, users=max(1, rows // 40)),
        "session_number": values.session_number,
        "enrichment_number": values.enrichment_number,
        "project_id": values.project_id,
        **{name: make for name, (_, make) in FIELDS.items()},
    }
    lines = [schema(properties={name: {} for name in ["at", *makers]})]
    expected = Expected()
    for at in range(rows):
        made = {name: make(random) for name, make in makers.items()}
        if random.random() < 0.03:
            made.update((name, values.Made(None)) for name in FIELDS)
        expected.add(at, made)
        row = {name: value.value for name, value in made.items()}
        lines.append(record({"at": at, **row}))
    return [*lines, state({"rows": rows})], expected


def check_rows(folder: Path, seed: int, rows: int) -> None:
    """Deliver random rows to a sandbox, and compare with what the contract says."""
    print(f"FUZZ_SEED={seed}")  # noqa: T201 - pytest shows it if the test fails
    lines, expected = lines_and_expected(Random(seed), rows)  # noqa: S311 - repeatable
    source, rejected = folder / "input.singer", folder / "rejected.singer"
    source.write_text("".join(f"{line}\n" for line in lines), "utf-8")
    with Sandbox() as sandbox:
        settings = {
            "streams": {"*": MAPPING},
            "integration_schema": SCHEMA,
            "max_rejected": rows,
            "rejected_path": str(rejected),
        }
        done = run_here(config_for(sandbox, **settings), source)
        received = {
            tuple(getattr(key, name) for name in KEY): dict(fields)
            for key, fields in sandbox.enrichments.items()
        }
    assert (done.exit_code, done.states) == (0, [{"rows": rows}]), done.errors
    assert received == expected.enrichments, "other enrichments"
    assert faults_in(rejected) == expected.faults, "other faults"
    assert Counter(done.metric["dropped"]) == expected.dropped


def faults_in(rejected: Path) -> dict[int, list[tuple[str, str]]]:
    """Return field and reason of each fault in a rejected file, by the row's number."""
    messages = [json.loads(line) for line in rejected.read_bytes().splitlines()]
    found = {}
    for message in messages:
        if message["type"] == "RECORD":
            note = message["rejected"]
            faults = [(fault["field"], fault["reason"]) for fault in note["faults"]]
            assert (note["field"], note["reason"]) in faults
            found[message["record"]["at"]] = sorted(faults)
    return found


def test_every_row_ends_where_the_contract_says(tmp_path: Path) -> None:
    check_rows(tmp_path, SEED, ROWS)


def lose_the_last_row(batches: OpenBatches) -> Iterator[Batch]:
    for batch in take_all(batches):
        batch.rows.popitem()
        yield batch


def keep_the_first_of_a_key(
    batches: OpenBatches, key: Key, integration: Integration, row: Row
) -> Change | None:
    if any(key in batch.rows for batch in batches):
        return Change(row, iter(()))
    return add(batches, key, integration, row)


def compile_without_the_age_check(plan: RowPlan, stream: str) -> RowFunction:
    function = compile_row_function(plan, stream)
    return lambda values, _: function(values, datetime.min.replace(tzinfo=timezone.utc))


def tell_the_first_fault(plan: RowPlan, row: Sequence[Any]) -> UnfitValueError:
    error = unfit(plan, row)
    return UnfitValueError(error.reason, error.detail, error.field)


unfit = row_function._unfit  # noqa: SLF001 - where a broken copy breaks
add = OpenBatches.add
take_all = OpenBatches.take_all


@pytest.mark.parametrize(
    ("place", "broken", "noticed"),
    [
        ("delivery.batches.OpenBatches.take_all", lose_the_last_row, "enrichments"),
        ("delivery.batches.OpenBatches.add", keep_the_first_of_a_key, "enrichments"),
        (
            "mapping.compile.compile_row_function",
            compile_without_the_age_check,
            "enrichments",
        ),
        ("mapping.row_function._unfit", tell_the_first_fault, "faults"),
    ],
)
def test_a_broken_target_is_noticed(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    place: str,
    broken: Any,
    noticed: str,
) -> None:
    monkeypatch.setattr(f"target_contentsquare.{place}", broken)
    with pytest.raises(AssertionError, match=f"^other {noticed}"):
        check_rows(tmp_path, SEED, ROWS_OF_BROKEN_COPIES)
