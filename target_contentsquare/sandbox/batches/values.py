"""What the value of an enrichment field may be: Contentsquare's types and limits."""

import re
from datetime import datetime
from typing import Final, Literal, get_args

FieldType = Literal["STRING", "INT", "FLOAT", "BOOL", "DATETIME"]
"""The types that a registered schema may give a field."""

FIELD_TYPES: Final[tuple[FieldType, ...]] = get_args(FieldType)

STRING_BYTES: Final = 50
INT_MIN: Final = -2_147_483_648
INT_MAX: Final = 2_147_483_647
# As documented: a little less than the largest float.
FLOAT_MAX: Final = 1.79769e308


def why_not(value: object, field_type: FieldType) -> str | None:
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


def why_not_text(value: object, max_bytes: int | None = None) -> str | None:
    """Return why a value is no text of at most this many UTF-8 bytes, or None."""
    if not isinstance(value, str):
        return _not_a("STRING", value)
    try:
        size = len(value.encode("utf-8"))
    except UnicodeEncodeError:
        return "not valid Unicode (half of a surrogate pair)"
    if max_bytes is not None and size > max_bytes:
        return f"{size} bytes long, {max_bytes} are allowed"
    return None


def _why_not_int(value: object) -> str | None:
    if isinstance(value, bool) or not isinstance(value, int):
        return _not_a("INT", value)
    if INT_MIN <= value <= INT_MAX:
        return None
    return f"outside the range of an INT, {INT_MIN} to {INT_MAX}"


def _why_not_float(value: object) -> str | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return _not_a("FLOAT", value)
    # An overflowing literal such as 1e999 arrives as infinity, so it ends here too.
    if -FLOAT_MAX <= value <= FLOAT_MAX:
        return None
    return f"outside the range of a FLOAT, ±{FLOAT_MAX}"


def _why_not_datetime(value: object) -> str | None:
    if not isinstance(value, str):
        return _not_a("DATETIME", value)
    shape = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z"
    if not re.fullmatch(shape, value):
        return f"{_shown(value)} is not written YYYY-MM-DDThh:mm:ssZ"
    try:
        datetime.strptime(value, "%Y-%m-%dT%H:%M:%S%z")
    except ValueError:
        return f"{_shown(value)} is not a date and time that exists"
    return None


def _not_a(field_type: FieldType, value: object) -> str:
    return f"{_shown(value)} is not of type {field_type}"


def _shown(value: object) -> str:
    """Return a value roughly as JSON shows it, cut to 60 characters."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, list | dict):
        return "an array" if isinstance(value, list) else "an object"
    text = repr(value)
    longest = 60
    return text if len(text) <= longest else f"{text[:longest]}…"
