"""How token requests are answered, where the documentation leaves it open."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from aiohttp import web

from target_contentsquare.sandbox.errors import CredentialsError, RefusedError


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """How the token endpoint answers.

    Attributes:
        integration_ids: the integrations that account-level credentials cover;
            empty for any.
        integration_id_required: whether a request without `integration_id` is
            refused.
        endpoint_with_path: whether `endpoint` ends in `/v1/enrichments`. The
            documentation shows both forms.
        expires_in: how the answer tells the token's seconds.
        project_id_in_answer: whether the answer names the project.
        error_format: the keys of an error. `message` and `errorMessage` are known of
            this API, `error` with `error_description` is usual for OAuth.
        wrong_credentials: the status that wrong credentials get.
        token_refused_seconds: seconds during which a new token is answered as
            unknown, as if it had not reached all servers.
    """

    integration_ids: frozenset[str] = frozenset()
    integration_id_required: bool = False
    endpoint_with_path: bool = False
    expires_in: Literal["number", "text", "missing"] = "number"
    project_id_in_answer: bool = True
    error_format: Literal["message", "errorMessage", "error"] = "message"
    wrong_credentials: Literal[401, 500] = 401
    token_refused_seconds: float = 0

    def to_granted(
        self, token: str, project: int, seconds: float, url: str
    ) -> web.Response:
        """Return the answer with a token.

        Args:
            token: the access token.
            project: the project that it is for.
            seconds: how long it lasts.
            url: where the client reached the sandbox, without a slash at its end.
        """
        lifetimes = {"number": int(seconds), "text": str(int(seconds))}
        document: dict[str, object] = {
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": lifetimes.get(self.expires_in),
            "scope": "enrichment",
            "project_id": project if self.project_id_in_answer else None,
            "endpoint": f"{url}/v1/enrichments" if self.endpoint_with_path else url,
        }
        present = {name: value for name, value in document.items() if value is not None}
        return web.json_response(present)

    def to_refused(self, error: RefusedError) -> web.Response:
        """Return the answer to a token request that was refused."""
        wrong = isinstance(error, CredentialsError)
        status = self.wrong_credentials if wrong else error.status
        return web.json_response(self._document(error), status=status)

    def _document(self, error: RefusedError) -> dict[str, object]:
        if self.error_format == "errorMessage":
            return error.in_error_message()
        if self.error_format == "error":
            return {"error": error.code, "error_description": error.message}
        return {"message": error.message}

    def sentences(self) -> Iterator[str]:
        """Yield what the page says where this is not as it is by default."""
        ids = ", ".join(sorted(self.integration_ids))
        for holds, sentence in (
            (self.integration_id_required, "Token requests must have integration_id"),
            (ids, f"Integrations: {ids}"),
            (self.endpoint_with_path, "endpoint ends in /v1/enrichments"),
            (self.expires_in == "text", "expires_in is text"),
            (self.expires_in == "missing", "expires_in is missing"),
            (not self.project_id_in_answer, "project_id is missing in the answer"),
            (
                self.error_format != "message",
                f"Token errors have “{self.error_format}”",
            ),
            (
                self.wrong_credentials != CredentialsError.status,
                f"Wrong credentials are answered {self.wrong_credentials}",
            ),
            (
                self.token_refused_seconds,
                f"New tokens are refused for {self.token_refused_seconds:g} s",
            ),
        ):
            if holds:
                yield sentence
