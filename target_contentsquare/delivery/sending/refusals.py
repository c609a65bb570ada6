"""Whether refused rows are bad rows, or every row is refused: a wrong schema."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from target_contentsquare.errors import ApiError

if TYPE_CHECKING:
    from target_contentsquare.delivery.batches import Batch, Row

#: So many rows refused alone, with none delivered, are no accident. Finding them in a
#: batch of 200 takes 60 requests; looking on would take 400 for each batch.
MOST_REFUSED = 20


class Refusals:
    """Ends a run in which all rows of a project and version are refused.

    As soon as one row is delivered, refused rows are bad rows, and the run goes on. So
    it does where a row is unchanged: it was delivered as it would be sent now.
    """

    def __init__(self) -> None:
        self._delivered: set[tuple[int | None, int]] = set()
        self._refused: dict[tuple[int | None, int], list[Row]] = {}

    def note_delivered(self, batch: Batch) -> None:
        """Take note of a batch that was taken."""
        self.note_held(batch.project_id, batch.integration.version)

    def note_held(self, project_id: int | None, version: int) -> None:
        """Take note that Contentsquare holds a row of a project and version."""
        place = project_id, version
        self._delivered.add(place)
        self._refused.pop(place, None)

    def note_refused(self, batch: Batch, row: Row) -> None:
        """Take note of a row that was refused alone.

        Raises:
            ApiError: The first rows have all been refused.
        """
        place = batch.project_id, batch.integration.version
        if place in self._delivered:
            return
        rows = self._refused.setdefault(place, [])
        rows.append(row)
        if len(rows) >= MOST_REFUSED:
            raise ApiError(_describe(place, rows))


def _describe(place: tuple[int | None, int], rows: list[Row]) -> str:
    project = "" if place[0] is None else f" for project {place[0]}"
    return (
        f"Contentsquare refuses every row{project} (integration version {place[1]}): "
        f"the first {len(rows)} were refused alone and none was delivered; "
        f"{_in_common(rows)}. Compare names and types with the registered schema, set "
        "integration_schema to it to find out, or correct integration_version"
    )


def _in_common(rows: list[Row]) -> str:
    """Return the fields that all rows have; their values are not told."""
    names = [_fields_of(row) for row in rows]
    shared = [name for name in names[0] if all(name in other for other in names)]
    if not shared:
        return "they have no field in common"
    return f"all have {', '.join(repr(name) for name in shared)}"


def _fields_of(row: Row) -> list[str]:
    fields: dict[str, Any] = msgspec.to_builtins(row.enrichment.enrichment)
    return list(fields)
