"""Which enrichment a row is: session, project and enrichment number."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta

from target_contentsquare.errors import UnfitValueError
from target_contentsquare.mapping.fields import to_integer

#: A session can hold this many enrichments.
MAX_ENRICHMENT_NUMBER = 3
_MAX_INT64 = 2**63 - 1
# No user has an integer beyond this for an id; Python would refuse to write it out.
_MAX_USER_ID = 10**100

#: What a decoder checks of columns that promise text, or integers.
TYPED_USER_ID = Annotated[str, Meta(min_length=1)]
TYPED_SESSION_NUMBER = Annotated[int, Meta(ge=1, le=_MAX_INT64)]


def to_user_id(value: Any) -> str:
    """Read a user id: text or an integer.

    Raises:
        UnfitValueError: `missing_user_id`.
    """
    if type(value) is str and value:
        if value.isascii() or _is_unicode(value):
            return value
        detail = "not valid Unicode: half of a surrogate pair"
    elif type(value) is int and abs(value) < _MAX_USER_ID:
        return str(value)
    else:
        detail = "null, empty, or neither text nor an integer"
    raise UnfitValueError("missing_user_id", detail, "user_id")


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def to_session_number(value: Any) -> int:
    """Read the number of one of a user's sessions, from 1 on.

    Raises:
        UnfitValueError: `invalid_session_number`.
    """
    return _positive(value, "session_number", _MAX_INT64)


def to_enrichment_number(value: Any) -> int:
    """Read which of a session's enrichments it is: 1, 2 or 3.

    Raises:
        UnfitValueError: `invalid_enrichment_number`.
    """
    return _positive(value, "enrichment_number", MAX_ENRICHMENT_NUMBER)


def to_project_id(value: Any) -> int:
    """Read the Contentsquare project that a row goes to.

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
        raise UnfitValueError(f"invalid_{name}", "null or empty", name)
    return number


def split_session_key(value: Any) -> tuple[str, int]:
    """Split a key as Contentsquare's tag gives it: `userId.sessionNumber`.

    Raises:
        UnfitValueError: `invalid_session_key`.
    """
    if isinstance(value, str):
        user_id, dot, session_number = value.rpartition(".")
        try:
            if dot and session_number.isascii() and session_number.isdigit():
                return to_user_id(user_id), to_session_number(session_number)
        except UnfitValueError:
            pass
    detail = "not userId.sessionNumber as Contentsquare's tag gives it"
    raise UnfitValueError("invalid_session_key", detail, "session_key")
