"""What a column's values have in common: their type, and what would be in the way."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from target_contentsquare.errors import UnfitValueError
from target_contentsquare.mapping.fields import (
    MAX_STRING_BYTES,
    FieldType,
    to_bool,
    to_datetime,
    to_float,
    to_int,
)
from target_contentsquare.mapping.proposal.local_forms import local_form

if TYPE_CHECKING:
    from target_contentsquare.mapping.fields import Converter

# Leading zeros make an identifier or a postal code, which as a number would lose them.
_INTEGER_TEXT = re.compile(r"-?(0|[1-9]\d*)", re.ASCII)
_NUMBER_TEXT = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?", re.ASCII)
_DATE_TEXT = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
#: Beyond this a FLOAT has no room for all digits of an integer.
_MAX_EXACT = 2**53
#: Different values are counted up to this many, so that memory is bounded.
MAX_DIFFERENT = 1_000


class ColumnValues:
    """Counts what a column's values are; the values themselves are not kept.

    Args:
        stated: The type that the stream's schema states; None if it states none.

    Attributes:
        rows: How many values were taken.
        filled: How many of them were neither null nor blank.
        misfits: How many could not be converted to the stated type.
        too_long: How many texts have over 50 bytes.
        longest: Bytes of the longest text.
        bits: How many were 0 or 1, which are integers, and may be booleans.
        types: How many values are of each type, each value by itself.
        local_forms: How many texts are numbers, dates, yes or no in the form of one
            country, in the words of `local_form`.
    """

    def __init__(self, stated: FieldType | None) -> None:
        # Text is taken for what it holds: a CSV file has nothing else.
        self._stated = None if stated is FieldType.STRING else stated
        self._convert: Converter | None = self._stated and self._stated.converter()
        self.rows = self.filled = self.misfits = 0
        self.too_long = self.longest = self.bits = 0
        self.types: Counter[FieldType] = Counter()
        self.local_forms: Counter[str] = Counter()
        self._different: set[int] = set()

    def take(self, value: Any) -> None:
        """Count the value of one more row."""
        self.rows += 1
        if value is None or (isinstance(value, str) and not value.strip()):
            return
        self.filled += 1
        if isinstance(value, str):
            value = value.strip()
            size = len(value.encode(errors="replace"))
            self.too_long += size > MAX_STRING_BYTES
            self.longest = max(self.longest, size)
            if form := local_form(value):
                self.local_forms[form] += 1
        self.bits += str(value) in {"0", "1"}
        self.types[type_of(value)] += 1
        if len(self._different) < MAX_DIFFERENT:
            self._different.add(hash(str(value)))
        if self._convert is not None:
            self._try_to_convert(value)

    @property
    def type(self) -> FieldType | None:
        """The type that has room for all values; None if there was none."""
        if self._stated is not None and not self.misfits:
            return self._stated
        found = set(self.types)
        if FieldType.BOOL in found and self.types[FieldType.INT] == self.bits:
            found.discard(FieldType.INT)
        if found == {FieldType.INT, FieldType.FLOAT}:
            return FieldType.FLOAT
        return found.pop() if len(found) == 1 else FieldType.STRING if found else None

    @property
    def is_always_missing(self) -> bool:
        """Whether no row had a value."""
        return self.rows > 0 and not self.filled

    @property
    def is_constant(self) -> bool:
        """Whether all rows had the same value."""
        return self.filled > 1 and len(self._different) == 1

    @property
    def is_different_in_every_row(self) -> bool:
        """Whether no value came twice, as far as that was counted."""
        counted = min(self.filled, MAX_DIFFERENT)
        return self.filled > 1 and len(self._different) == counted

    @property
    def missing_share(self) -> float:
        """The share of rows without a value, from 0 to 1."""
        return 1 - self.filled / self.rows if self.rows else 0.0

    def _try_to_convert(self, value: Any) -> None:
        assert self._convert is not None  # noqa: S101 - for the type checker
        try:
            self._convert(value)
        except UnfitValueError:
            self.misfits += 1


def type_of(value: Any) -> FieldType:
    """Return the narrowest type that a value, which is not null or blank, fits.

        >>> type_of("42"), type_of("4.5"), type_of("2026-11-24"), type_of("02139")
        (INT, FLOAT, DATETIME, STRING)

    A text of digits is a number, and only one with dashes is a date.
    """
    if isinstance(value, bool):
        return FieldType.BOOL
    if isinstance(value, int):
        return _integer_type(value)
    if isinstance(value, float):
        return FieldType.FLOAT
    return _type_of_text(value) if isinstance(value, str) else FieldType.STRING


def _type_of_text(value: str) -> FieldType:
    if _INTEGER_TEXT.fullmatch(value):
        return _integer_type(value)
    for pattern, convert, field_type in _TEXTS:
        if pattern.match(value) and _converts(convert, value):
            return field_type
    return FieldType.STRING


def _integer_type(value: int | str) -> FieldType:
    if _converts(to_int, value):
        return FieldType.INT
    # An identifier as long as this would lose its last digits.
    is_short = len(str(value)) <= len(str(_MAX_EXACT)) and abs(int(value)) <= _MAX_EXACT
    return FieldType.FLOAT if is_short else FieldType.STRING


def _converts(convert: Converter, value: Any) -> bool:
    try:
        return convert(value) is not None
    except UnfitValueError:
        return False


_TEXTS: tuple[tuple[re.Pattern[str], Converter, FieldType], ...] = (
    (re.compile(_NUMBER_TEXT.pattern + r"\Z", re.ASCII), to_float, FieldType.FLOAT),
    (_DATE_TEXT, to_datetime, FieldType.DATETIME),
    (re.compile(r"[a-zA-Z]"), to_bool, FieldType.BOOL),
)
