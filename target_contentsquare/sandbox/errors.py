"""The refusals of Contentsquare, and the reasons that it does not tell.

RefusedError
├── PayloadError          400, a batch that does not match
├── VersionError          400, an integration version that is not registered
├── UnknownTokenError     401, no token, or one that was not issued
├── ExpiredTokenError     401, a token that is too old
├── ProjectError          403, a project or integration that is not covered
├── FirewallError         403, a batch that never reaches the API
├── CredentialsError      401, wrong credentials
└── TokenRequestError     400, a token request that is not well formed
"""

from typing import ClassVar, Final

LONGEST: Final = 200


class RefusedError(Exception):
    """A request that Contentsquare would refuse.

    Attributes:
        status: the HTTP status of the answer.
        message: what the answer says.
        code: a name for the error, as `errorCode` and `error` have it.
        reason: what is wrong in words; the real API never tells.
        row: index in the batch of the enrichment at fault, from 0; None when the
            fault is not in one enrichment.
        field: the field at fault, None when there is no such field.
        rule: the reason without the values of the request, to count refusals by.
    """

    status: ClassVar[int]
    message: str
    code: ClassVar[str]

    def __init__(
        self,
        reason: str,
        row: int | None = None,
        *,
        field: str | None = None,
        rule: str | None = None,
    ) -> None:
        """Keep the reason and where it is."""
        self.reason = shortened(reason)
        self.row = row
        self.field = None if field is None else shortened(field)
        self.rule = shortened(rule or reason)
        super().__init__(self.reason)

    def in_error_message(self) -> dict[str, object]:
        """Return the answer in the form that is documented for an expired token."""
        return {
            "success": False,
            "errorMessage": self.message,
            "errorCode": self.code.upper(),
        }


def shortened(text: str) -> str:
    """Return text of at most 200 characters.

    What a client sends may be long, and the sandbox keeps 10,000 summaries.
    """
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


class PayloadError(RefusedError):
    """A batch that does not match what is registered, as the documentation has it."""

    status = 400
    message = "enrichments don't match expected payload"
    code = "invalid_payload"


class VersionError(RefusedError):
    """An `integrationVersion` that is not registered, as the documentation has it."""

    status = 400
    message = "bad integration version"
    code = "invalid_version"


class UnknownTokenError(RefusedError):
    """A missing or unknown token."""

    status = 401
    message = "Unauthorized"
    code = "unauthorized"


class ExpiredTokenError(RefusedError):
    """An expired token, for which Contentsquare documents an answer of its own."""

    status = 401
    message = "Auth token is expired."
    code = "jwt_expired"


class ProjectError(RefusedError):
    """A project or integration that the token or the credentials don't cover."""

    status = 403
    message = "Forbidden"
    code = "access_denied"


class FirewallError(RefusedError):
    """A batch that a firewall in front of the API refuses; its answer is HTML."""

    status = 403
    message = "<html><head><title>403 Forbidden</title></head></html>\n"
    code = "forbidden"


class CredentialsError(RefusedError):
    """A client id or a client secret that is wrong."""

    status = 401
    message = "Unauthorized"
    code = "invalid_client"


class TokenRequestError(RefusedError):
    """A token request that is not well formed; the answer says what is wrong."""

    status = 400
    code = "invalid_request"

    def __init__(self, reason: str) -> None:
        """Answer with the reason."""
        super().__init__(reason)
        self.message = self.reason
