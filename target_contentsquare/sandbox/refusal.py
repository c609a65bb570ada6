"""A refused request: what the API answers, and the reason that it does not tell."""

from dataclasses import dataclass


@dataclass(eq=False)
class RefusedError(Exception):
    """A request that Contentsquare would refuse.

    Attributes:
        status: the HTTP status it answers.
        answer: the JSON it answers.
        reason: what is wrong in words; the real API never tells.
        row: index in the batch of the enrichment at fault, from 0; None when the
            fault is not in one enrichment.
    """

    status: int
    answer: dict[str, object]
    reason: str
    row: int | None = None


def refused_payload(reason: str, row: int | None = None) -> RefusedError:
    """Return the 400 that a malformed batch gets, worded as in the documentation."""
    message = "enrichments don't match expected payload"
    return RefusedError(400, {"message": message}, reason, row)


def refused_version(reason: str) -> RefusedError:
    """Return the 400 that an unknown `integrationVersion` gets."""
    return RefusedError(400, {"message": "bad integration version"}, reason)


def refused_token(reason: str) -> RefusedError:
    """Return the 401 that a missing or unknown token, or wrong credentials, get."""
    return RefusedError(401, {"message": "Unauthorized"}, reason)


def refused_expired_token() -> RefusedError:
    """Return the 401 that Contentsquare documents for an expired token alone."""
    answer: dict[str, object] = {
        "success": False,
        "errorMessage": "Auth token is expired.",
        "errorCode": "JWT_EXPIRED",
    }
    return RefusedError(401, answer, "the token is expired")


def refused_project(reason: str) -> RefusedError:
    """Return the 403 for a project that the token or the credentials don't cover."""
    return RefusedError(403, {"message": "Forbidden"}, reason)


def refused_token_request(reason: str) -> RefusedError:
    """Return the 400 that a malformed token request gets, saying what is wrong."""
    return RefusedError(400, {"message": reason}, reason)
