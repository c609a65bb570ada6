"""Which enrichment a row is: session, project and enrichment number."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any

from msgspec import Meta

from target_contentsquare.errors import UnfitValueError
from target_contentsquare.mapping.fields import FieldType, to_integer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from target_contentsquare.mapping.columns import Column
    from target_contentsquare.mapping.stream_mapping import StreamMapping

#: A session can hold this many enrichments.
MAX_ENRICHMENT_NUMBER = 3
_MAX_INT64 = 2**63 - 1
# No user has an integer beyond this for an id; Python would refuse to write it out.
_MAX_USER_ID = 10**100
# Beyond this, not every integer is a float, so an id may have been changed already.
_MAX_EXACT_FLOAT = 2**53
_NO_USER_ID = "null, blank, or neither text nor an integer"
_NULL_WORDS = {"null", "none", "nil", "nan", "undefined", "n/a", "\\n"}
# As spreadsheets write large numbers: 1.23457E+15.
_SCIENTIFIC = re.compile(r"[+-]?(?:\d+[.,]?\d*|[.,]\d+)[eE][+-]?\d{1,3}", re.ASCII)
# A byte order mark, and spaces of no width.
_INVISIBLE = "\ufeff\u200b\u200c\u200d\u2060"
_UNHASHED_USER_ID = "user_id_unhashed"

#: Says of a text `{0}` that `to_user_id` would return it as it is, as it does with most
#: ids: it is ASCII without blanks around it and too long for a word for null, and it
#: begins with a letter or has no exponent.
FIT_USER_ID = (
    f"len({{0}}) > {max(map(len, _NULL_WORDS))} and {{0}}.isascii() "
    "and {0} == {0}.strip() "
    f"and ({{0}}[0] > '9' or 'e' not in {{0}}[-{len('E+100')}:].lower())"
)
#: What a decoder checks of columns that promise text, or integers.
TYPED_USER_ID = Annotated[str, Meta(min_length=1)]
TYPED_SESSION_NUMBER = Annotated[int, Meta(ge=1, le=_MAX_INT64)]


def to_user_id(value: Any) -> str:
    """Return a user id, trimmed: text, an integer, or an integral float.

    Raises:
        UnfitValueError: `missing_user_id` (null, blank, or of another type), or
            `invalid_user_id` (a word for null, or what is left of a number).
    """
    text = value.strip() if type(value) is str else _written(value)
    if not text.isascii():
        text = _trim_invisible(text)
    if not text:
        raise UnfitValueError("missing_user_id", _NO_USER_ID, "user_id")
    if text.lower() in _NULL_WORDS:
        detail = "a word for null, which is nobody's id"
    elif _SCIENTIFIC.fullmatch(text):
        detail = "a number in scientific notation, whose last digits are lost"
    else:
        return text
    raise UnfitValueError("invalid_user_id", detail, "user_id")


def _written(value: Any) -> str:
    """Return the text of an id that is no text."""
    if type(value) is int and abs(value) < _MAX_USER_ID:
        return str(value)
    if type(value) is float and value.is_integer():
        if abs(value) <= _MAX_EXACT_FLOAT:
            return str(int(value))
        detail = "a number of over 15 digits with a point, whose last digits are lost"
        raise UnfitValueError("invalid_user_id", detail, "user_id")
    raise UnfitValueError("missing_user_id", _NO_USER_ID, "user_id")


def _trim_invisible(text: str) -> str:
    """Return an id without the invisible characters around it, such as a file's BOM."""
    try:
        text.encode()
    except UnicodeEncodeError:
        detail = "not valid Unicode: half of a surrogate pair"
        raise UnfitValueError("missing_user_id", detail, "user_id") from None
    return text.strip(_INVISIBLE).strip()


def to_session_number(value: Any) -> int:
    """Return the number of one of a user's sessions, from 1 on.

    Raises:
        UnfitValueError: `invalid_session_number`.
    """
    return _positive(value, "session_number", _MAX_INT64)


def to_enrichment_number(value: Any) -> int:
    """Return which of a session's enrichments it is: 1, 2 or 3.

    Raises:
        UnfitValueError: `invalid_enrichment_number`.
    """
    return _positive(value, "enrichment_number", MAX_ENRICHMENT_NUMBER)


def to_project_id(value: Any) -> int:
    """Return the Contentsquare project that a row goes to.

    Raises:
        UnfitValueError: `invalid_project_id`.
    """
    return _positive(value, "project_id", _MAX_INT64)


def _positive(value: Any, name: str, highest: int) -> int:
    if type(value) is int and 0 < value <= highest:
        return value
    try:
        number = to_integer(value, 1, highest)
    except UnfitValueError as error:
        raise UnfitValueError(f"invalid_{name}", error.detail, name) from None
    if number is None:
        raise UnfitValueError(f"invalid_{name}", "null or blank", name)
    return number


def split_session_key(value: Any) -> tuple[str, int]:
    """Split a key as Contentsquare's tag gives it: `userId.sessionNumber`.

    Raises:
        UnfitValueError: `invalid_session_key`.
    """
    if isinstance(value, str):
        user_id, dot, session_number = value.strip().rpartition(".")
        try:
            if dot and session_number.isascii() and session_number.isdigit():
                return to_user_id(user_id), to_session_number(session_number)
        except UnfitValueError:
            pass
    detail = "not userId.sessionNumber as Contentsquare's tag gives it"
    raise UnfitValueError("invalid_session_key", detail, "session_key")


def warn_of_hashed_user_ids(
    stream: str, columns: Mapping[str, Column], mapping: StreamMapping
) -> list[str]:
    """Return a warning if a stream looks like one of Contentsquare's own exports.

    The documentation of Data Export says that its `user_id` is an integer, a hash, and
    that the id of Contentsquare's tag is in `user_id_unhashed`.
    """
    name, setting = mapping.user_id, f"{mapping.setting}.user_id"
    if mapping.session_key is not None or name == _UNHASHED_USER_ID:
        return []
    if _UNHASHED_USER_ID in columns:
        warning = (
            f"{setting}: stream '{stream}' has a property '{_UNHASHED_USER_ID}', as "
            f"Contentsquare's exports have, so '{name}' may be a hash, which is no "
            f"session's user id: map user_id to '{_UNHASHED_USER_ID}'"
        )
        return [warning]
    if columns[name].type is FieldType.INT:
        warning = (
            f"{setting}: property '{name}' of stream '{stream}' holds integers, and an "
            "integer is never the user id of Contentsquare's tag. In Contentsquare's "
            f"exports that id is in '{_UNHASHED_USER_ID}': let the stream have it, and "
            "map user_id to it"
        )
        return [warning]
    return []
