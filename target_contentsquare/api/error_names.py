"""What an answer says went wrong, and how much of it may be shown.

Contentsquare has two dialects, `message` and `errorMessage` with `errorCode`; OAuth has
a third, `error` with `error_description`. An answer's text may repeat what was sent: a
secret, a token or a row's value. So nothing of it is ever shown; a name that is listed
here is, in this file's spelling.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from target_contentsquare.api.http.pool import Answer

_KEYS = ("errorCode", "error", "errorMessage", "message")

# RFC 6749, 5.2 and 4.1.2.1; RFC 6750, 3.1; Contentsquare; gateways of AWS. Names that
# only repeat the status, such as Unauthorized, tell nothing.
_NAMES = (
    "access_denied",
    "insufficient_scope",
    "invalid_client",
    "invalid_grant",
    "invalid_request",
    "invalid_scope",
    "invalid_token",
    "server_error",
    "temporarily_unavailable",
    "unauthorized_client",
    "unsupported_grant_type",
    "JWT_EXPIRED",
    "JWT_INVALID",
    "INVALID_CREDENTIALS",
    "INVALID_PROJECT",
    "PROJECT_NOT_FOUND",
    "RATE_LIMIT_EXCEEDED",
    "AccessDeniedException",
    "ExpiredTokenException",
    "LimitExceededException",
    "ThrottlingException",
    "TooManyRequestsException",
)


def texts_in(answer: Answer) -> list[str]:
    """Return what an answer says went wrong, in lower case; for comparing only."""
    try:
        words = msgspec.json.decode(answer.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return []
    if not isinstance(words, dict):
        return []
    found = (words.get(key) for key in _KEYS)
    return [text.lower() for text in found if isinstance(text, str)]


def status_and_name(answer: Answer) -> str:
    """Return an answer's status for people, with the name of its error if known."""
    known = {name.lower(): name for name in _NAMES}
    names = [known[text] for text in texts_in(answer) if text in known]
    return ", ".join([f"HTTP {answer.status}", *names[:1]])
