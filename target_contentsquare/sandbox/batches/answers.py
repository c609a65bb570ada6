"""How batches are answered, where the documentation leaves it open."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from aiohttp import web

from target_contentsquare.sandbox.errors import (
    ExpiredTokenError,
    FirewallError,
    PayloadError,
    RefusedError,
    VersionError,
)

DOCUMENTED_SUCCESS: Final = 200
NO_CONTENT: Final = 204


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """How `/v1/enrichments` answers a batch.

    The defaults are what the documentation says.

    Attributes:
        success: the status of a batch that was stored.
        success_body: text after a success; the documented answer is empty.
        refusal: the status of a batch that does not match.
        refusal_key: the key of the documented sentences for a batch that does not
            match and for an unknown integration version.

    Raises:
        ValueError: a 204 has no body.
    """

    success: Literal[200, 201, 202, 204] = 200
    success_body: str = ""
    refusal: Literal[400, 413, 422] = 400
    refusal_key: Literal["message", "errorMessage", "error"] = "message"

    def __post_init__(self) -> None:
        """Raise ValueError for a combination that HTTP does not have."""
        if self.success == NO_CONTENT and self.success_body:
            message = "an answer with status 204 has no body"
            raise ValueError(message)

    def to_stored(self) -> web.Response:
        """Return the answer to a batch that was stored."""
        return web.Response(status=self.success, text=self.success_body or None)

    def to_refused(self, error: RefusedError) -> web.Response:
        """Return the answer to a batch that was refused: less than the error knows."""
        if isinstance(error, FirewallError):
            return web.Response(
                status=error.status, text=error.message, content_type="text/html"
            )
        status = self.refusal if isinstance(error, PayloadError) else error.status
        return web.json_response(self._document(error), status=status)

    def _document(self, error: RefusedError) -> dict[str, object]:
        if isinstance(error, ExpiredTokenError):
            return error.in_error_message()
        if not isinstance(error, PayloadError | VersionError):
            return {"message": error.message}
        if self.refusal_key == "errorMessage":
            return error.in_error_message()
        return {self.refusal_key: error.message}

    def sentences(self) -> Iterator[str]:
        """Yield what the page says where this is not as documented."""
        if self.success != DOCUMENTED_SUCCESS or self.success_body:
            body = "with a body" if self.success_body else "without a body"
            yield f"Stored batches are answered {self.success} {body}"
        if (self.refusal, self.refusal_key) != (400, "message"):
            yield (
                f"Refused batches are answered {self.refusal}, "
                f"the sentence under “{self.refusal_key}”"
            )
