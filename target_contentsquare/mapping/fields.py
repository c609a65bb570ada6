"""Contentsquare's field types: their limits, and what is converted to them."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from datetime import datetime, time, timezone
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, TypeAlias

from msgspec import Meta

from target_contentsquare.enrichment import Scalar
from target_contentsquare.errors import UnfitValueError
from target_contentsquare.mapping.times import (
    in_utc,
    read_time,
)

# Limits from Contentsquare's public documentation of the integration schema.
MAX_STRING_BYTES = 50
MAX_INT = 2**31 - 1
MIN_INT = -(2**31)
MAX_FLOAT = 1.79769e308

#: Turns a row's value into what is sent; None means that the field is left out.
Converter: TypeAlias = Callable[[Any], Scalar | None]

_NUMBER_TEXT = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,6})?", re.ASCII)
# More significant digits than any number in range has: nothing to be read from them.
_MAX_NUMBER_TEXT = 400
_NO_TIME = "neither a date, a date with a time of day nor a Unix time"
# Python refuses to write out integers of thousands of digits.
_MAX_WRITTEN = 10**MAX_STRING_BYTES
_BOOLEANS: Mapping[str, bool] = {
    **dict.fromkeys(("1", "1.0", "true", "t", "yes", "y", "on"), True),
    **dict.fromkeys(("0", "0.0", "false", "f", "no", "n", "off"), False),
}


class FieldType(Enum):
    """The types of an integration schema."""

    STRING = "STRING"
    INT = "INT"
    FLOAT = "FLOAT"
    BOOL = "BOOL"
    DATETIME = "DATETIME"

    @property
    def decoded(self) -> Any:
        """The type that a decoder checks, of the values that `typed_converter` takes.

        What is out of a type's range is not of it. JSON decoded to a DATETIME is what
        the grammar of `times` says, if no seventh decimal was rounded.
        """
        return _DECODED_TYPES[self]

    def typed_converter(self, *, truncate_strings: bool = False) -> Converter | None:
        """Return what converts values of the type `decoded`; None: they are sent so."""
        if self is FieldType.STRING:
            return self.converter(truncate_strings=truncate_strings)
        return to_whole_second if self is FieldType.DATETIME else None

    @property
    def is_fit(self) -> str:
        """An expression: that a value of the type `decoded` is sent as it is."""
        return _FIT_VALUES.get(self, "")

    def converter(self, *, truncate_strings: bool = False) -> Converter:
        """Return the function that converts values of any type to this one.

        The function returns None for null and, but for STRING, for blank text. It
        raises `UnfitValueError` for what can't be sent, and changes nothing in what it
        returned itself:

            >>> FieldType.INT.converter()(" 7.0 ")
            7
        """
        if self is FieldType.STRING:
            return to_truncated_string if truncate_strings else to_string
        return _CONVERTERS[self]


def to_string(value: Any) -> str | None:
    """Convert to STRING: text, trimmed; numbers and booleans in their JSON text.

    Raises:
        UnfitValueError: `wrong_type`, `string_too_long` (over 50 bytes of UTF-8).
    """
    if type(value) is not str:
        value = _scalar_text(value)
        if value is None:
            return None
    value = value.strip()
    # Only ASCII has as many characters as bytes.
    if len(value) <= MAX_STRING_BYTES and value.isascii():
        return value  # type: ignore[no-any-return]
    size = len(_utf8(value))
    if size > MAX_STRING_BYTES:
        detail = f"{size} bytes, at most {MAX_STRING_BYTES}"
        raise UnfitValueError("string_too_long", detail)
    return value  # type: ignore[no-any-return]


def to_truncated_string(value: Any) -> str | None:
    """Convert to STRING, cutting what is over 50 bytes between two characters.

    Raises:
        UnfitValueError: `wrong_type`.
    """
    text = value if type(value) is str else _scalar_text(value)
    if text is None:
        return None
    cut = _utf8(text.strip())[:MAX_STRING_BYTES].decode(errors="ignore")
    return cut.rstrip()  # the end may be inside the text's blanks


def to_int(value: Any) -> int | None:
    """Convert to INT: integral numbers and their text.

    Raises:
        UnfitValueError: `wrong_type`, `int_out_of_range`.
    """
    return to_integer(value, MIN_INT, MAX_INT)


def to_integer(value: Any, low: int, high: int) -> int | None:
    """Convert integral numbers and their text to an integer from `low` to `high`.

    Raises:
        UnfitValueError: `wrong_type`, `int_out_of_range`.
    """
    if type(value) is not int:
        value = _number(value, "an integral number or its text")
        if value is None:
            return None
    # In range first: only then is it cheap and safe to look for decimals.
    if not low <= value <= high:
        raise UnfitValueError("int_out_of_range", f"not from {low} to {high}")
    if value != int(value):
        raise UnfitValueError("wrong_type", "a number with decimals, not an integer")
    return int(value)


def to_float(value: Any) -> float | None:
    """Convert to FLOAT: finite numbers and their text.

    Raises:
        UnfitValueError: `wrong_type`, `float_out_of_range`.
    """
    if type(value) is not float:
        value = _number(value, "a number or its text")
        if value is None:
            return None
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if -MAX_FLOAT <= number <= MAX_FLOAT:
        return number
    raise UnfitValueError("float_out_of_range", "not finite, or beyond 1.79769e+308")


def to_bool(value: Any) -> bool | None:
    """Convert to BOOL: booleans, 0 and 1, and words for them in any case.

    Raises:
        UnfitValueError: `wrong_type`.
    """
    if value is True or value is False or value is None:
        return value
    if isinstance(value, str):
        word = value.strip().lower()
        if not word:
            return None
        if word in _BOOLEANS:
            return _BOOLEANS[word]
    elif isinstance(value, (int, float)) and value in {0, 1}:
        return value == 1
    raise UnfitValueError("wrong_type", f"not a boolean, nor {', '.join(_BOOLEANS)}")


def to_datetime(value: Any) -> datetime | None:
    """Convert to DATETIME: see `times` for the forms; a date alone is its midnight.

    Returns:
        A datetime in UTC and whole seconds, decimals cut off, which JSON encoders write
        as `YYYY-MM-DDThh:mm:ssZ`.

    Raises:
        UnfitValueError: `invalid_datetime`, or `wrong_type` for what is neither a text
            nor a number.
    """
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    try:
        moment = read_time(value)
    except TypeError:
        raise UnfitValueError("wrong_type", "neither a text nor a number") from None
    except ValueError:
        raise UnfitValueError("invalid_datetime", _NO_TIME) from None
    if not isinstance(moment, datetime):
        return datetime.combine(moment, time.min, timezone.utc)
    return to_whole_second(moment)


def to_whole_second(moment: datetime) -> datetime:
    """Convert a moment to DATETIME; one without a zone is in UTC.

    Raises:
        UnfitValueError: `invalid_datetime`: in UTC it is beyond the calendar.
    """
    if moment.microsecond:
        moment = moment.replace(microsecond=0)
    if moment.tzinfo is timezone.utc:
        return moment
    try:
        return in_utc(moment)
    except ValueError:
        raise UnfitValueError("invalid_datetime", _NO_TIME) from None


def to_scalar(value: Any, *, truncate_strings: bool = False) -> Scalar | None:
    """Convert by what the value is, where no schema says what it should be.

    Raises:
        UnfitValueError: as the converter of the type that the value has.
    """
    if value is None:
        return None
    field_type = _TYPES_OF_VALUES.get(type(value), FieldType.STRING)
    return field_type.converter(truncate_strings=truncate_strings)(value)


_DECODED_TYPES: Mapping[FieldType, Any] = {
    FieldType.STRING: str | None,
    FieldType.INT: Annotated[int, Meta(ge=MIN_INT, le=MAX_INT)] | None,
    FieldType.FLOAT: Annotated[float, Meta(ge=-MAX_FLOAT, le=MAX_FLOAT)] | None,
    FieldType.BOOL: bool | None,
    FieldType.DATETIME: datetime | None,
}
# Only ASCII has as many characters as bytes.
_FIT_VALUES: Mapping[FieldType, str] = {
    FieldType.STRING: (
        f"len({{0}}) <= {MAX_STRING_BYTES} and {{0}}.isascii() "
        "and {0}.strip() == {0}"
    ),
    FieldType.DATETIME: "{0}.tzinfo is utc and not {0}.microsecond",
}
_CONVERTERS: Mapping[FieldType, Converter] = {
    FieldType.INT: to_int,
    FieldType.FLOAT: to_float,
    FieldType.BOOL: to_bool,
    FieldType.DATETIME: to_datetime,
}
_TYPES_OF_VALUES = {
    bool: FieldType.BOOL,
    int: FieldType.INT,
    float: FieldType.FLOAT,
}


def _scalar_text(value: Any) -> str | None:
    """Return a number or boolean as JSON writes it."""
    if value is None:
        return None
    if isinstance(value, float) and not math.isfinite(value):
        raise UnfitValueError("wrong_type", "not a finite number")
    if isinstance(value, int) and abs(value) >= _MAX_WRITTEN:
        detail = f"an integer of more than {MAX_STRING_BYTES} digits"
        raise UnfitValueError("string_too_long", detail)
    if isinstance(value, (bool, int, float)):
        return json.dumps(value)
    if isinstance(value, str):
        return value
    raise UnfitValueError("wrong_type", "an array or object, not a scalar")


def _utf8(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        detail = "not valid Unicode: half of a surrogate pair"
        raise UnfitValueError("wrong_type", detail) from None


def _number(value: Any, allowed: str) -> int | float | Decimal | None:
    """Return a number, or the one that a text holds; a boolean is never one."""
    if value is None:
        return None
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return value
    if isinstance(value, str):
        text = value.strip()
        if not text:
            return None
        if _NUMBER_TEXT.fullmatch(text) and len(text) <= _MAX_NUMBER_TEXT:
            return _decimal(text)
    raise UnfitValueError("wrong_type", f"not {allowed}")


def _decimal(text: str) -> Decimal | float:
    """Return the exact number; infinity for exponents beyond every type's range."""
    number = Decimal(text)
    if number.adjusted() > 400:  # noqa: PLR2004 - beyond every type's range
        return math.inf
    return number
