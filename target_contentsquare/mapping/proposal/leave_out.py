"""Which fields to leave out where there are more of a type than a schema may have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from target_contentsquare.mapping.fields import FieldType
from target_contentsquare.mapping.integration_schema import MAX_FIELDS_PER_TYPE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from target_contentsquare.mapping.proposal.proposed_stream import ProposedField


def what_to_leave_out(fields: Sequence[ProposedField]) -> Iterator[str]:
    """Yield, for each type with too many fields, those that say least, and why.

    Of fields without rows nothing is known, and nothing is said.
    """
    for field_type in FieldType:
        of_type = [each for each in fields if each.field.type is field_type]
        excess = len(of_type) - MAX_FIELDS_PER_TYPE
        seen = [each for each in of_type if each.values.rows]
        if excess > 0 and seen:
            seen.sort(key=_worth)
            names = ", ".join(map(_with_reason, seen[:excess]))
            yield f"of type {field_type.value}, leave out first: {names}"


def _worth(proposed: ProposedField) -> tuple[bool, bool, bool, float]:
    """Return a key that sorts the fields that say least to the front."""
    values = proposed.values
    return (
        not values.is_always_missing,
        not values.is_constant,
        not _looks_like_identifiers(proposed),
        -values.missing_share,
    )


def _looks_like_identifiers(proposed: ProposedField) -> bool:
    types = {FieldType.STRING, FieldType.INT}
    return proposed.field.type in types and proposed.values.is_different_in_every_row


def _with_reason(proposed: ProposedField) -> str:
    values = proposed.values
    if values.is_always_missing:
        reason = "always empty"
    elif values.is_constant:
        reason = "always the same"
    elif _looks_like_identifiers(proposed):
        reason = "different in every row, as an identifier is"
    else:
        reason = f"empty in {values.missing_share:.0%} of rows"
    return f"'{proposed.field.name}' ({reason})"
