"""What the value of an enrichment field may be: Contentsquare's types and limits."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, get_args

from target_contentsquare.sandbox.errors import PayloadError

FieldType = Literal["STRING", "INT", "FLOAT", "BOOL", "DATETIME"]
"""The types that a registered schema may give a field."""

FIELD_TYPES: Final[tuple[FieldType, ...]] = get_args(FieldType)

STRING_BYTES: Final = 50
INT_MIN: Final = -2_147_483_648
INT_MAX: Final = 2_147_483_647
# As documented: a little less than the largest float.
FLOAT_MAX: Final = 1.79769e308


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a value is refused.

    Attributes:
        rule: what it breaks; the same text for all values, to count them by.
        detail: the same with the value or its size.
    """

    rule: str
    detail: str

    def of_field(self, name: str, row: int) -> PayloadError:
        """Return the refusal of a batch with such a value in this field and row."""
        reason = f"{name!r}: {self.detail}"
        return PayloadError(reason, row, field=name, rule=self.rule)


def why_not(value: object, field_type: FieldType) -> Problem | None:
    """Return why a JSON value is refused as a field of this type, None if it is not.

    There are no conversions: `1.0` is no INT, `1` no BOOL and `"1"` neither. An
    integer is a FLOAT, since JSON has one number type.
    """
    if field_type == "BOOL":
        return None if isinstance(value, bool) else _not_a("BOOL", value)
    if field_type == "INT":
        return _why_not_int(value)
    if field_type == "FLOAT":
        return _why_not_float(value)
    if field_type == "DATETIME":
        return _why_not_datetime(value)
    return why_not_text(value, STRING_BYTES)


def type_of(value: object) -> FieldType | None:
    """Return the type a value is checked as where no schema says, None for none.

    Text is a STRING, whatever it looks like.
    """
    if isinstance(value, bool):
        return "BOOL"
    if isinstance(value, int):
        return "INT"
    if isinstance(value, float):
        return "FLOAT"
    return "STRING" if isinstance(value, str) else None


def why_not_text(value: object, max_bytes: int | None = None) -> Problem | None:
    """Return why a value is no text of at most this many UTF-8 bytes, or None."""
    if not isinstance(value, str):
        return _not_a("STRING", value)
    try:
        size = len(value.encode("utf-8"))
    except UnicodeEncodeError:
        rule = "not valid Unicode (half of a surrogate pair)"
        return Problem(rule, rule)
    if max_bytes is None or size <= max_bytes:
        return None
    rule = f"longer than {max_bytes} bytes"
    return Problem(rule, f"{size} bytes long, {max_bytes} are allowed")


def _why_not_int(value: object) -> Problem | None:
    if isinstance(value, bool) or not isinstance(value, int):
        return _not_a("INT", value)
    if INT_MIN <= value <= INT_MAX:
        return None
    rule = f"outside the range of an INT, {INT_MIN} to {INT_MAX}"
    return Problem(rule, rule)


def _why_not_float(value: object) -> Problem | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return _not_a("FLOAT", value)
    # An overflowing literal such as 1e999 arrives as infinity, so it ends here too.
    if -FLOAT_MAX <= value <= FLOAT_MAX:
        return None
    rule = f"outside the range of a FLOAT, ±{FLOAT_MAX}"
    return Problem(rule, rule)


def _why_not_datetime(value: object) -> Problem | None:
    if not isinstance(value, str):
        return _not_a("DATETIME", value)
    shape = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z"
    rule = "not written YYYY-MM-DDThh:mm:ssZ"
    if re.fullmatch(shape, value):
        rule = "not a date and time that exists"
        if _exists(value):
            return None
    return Problem(rule, f"{_shown(value)} is {rule}")


def _exists(value: str) -> bool:
    try:
        datetime.strptime(value, "%Y-%m-%dT%H:%M:%S%z")
    except ValueError:
        return False
    return True


def _not_a(field_type: FieldType, value: object) -> Problem:
    rule = f"not of type {field_type}"
    return Problem(rule, f"{_shown(value)} is {rule}")


def _shown(value: object) -> str:
    """Return a value roughly as JSON shows it, cut to 60 characters."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, list | dict):
        return "an array" if isinstance(value, list) else "an object"
    text = repr(value)
    longest = 60
    return text if len(text) <= longest else f"{text[:longest]}…"
