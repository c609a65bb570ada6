"""Access tokens: made, found again, and expired."""

import json
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from target_contentsquare.sandbox.errors import ExpiredTokenError, UnknownTokenError

KEPT: Final = 10_000


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token gives access to.

    Attributes:
        project_id: its project.
        integration_id: its integration, as text.
    """

    project_id: int
    integration_id: str


@dataclass(slots=True)
class _Token:
    grant: Grant
    known_at: float
    expires_at: float


class Tokens:
    """The tokens issued so far; the oldest are forgotten beyond 10,000.

    Args:
        clock: monotonic seconds; a test passes its own.
        now: Unix seconds, for the claims in a token.
        lifetime: seconds that a token lasts.
        refused_seconds: seconds during which a new token is answered as unknown.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        now: Callable[[], float],
        lifetime: float,
        refused_seconds: float,
    ) -> None:
        """Make one without tokens."""
        self.lifetime = lifetime
        self._refused_seconds = refused_seconds
        self._clock = clock
        self._now = now
        self._tokens: dict[str, _Token] = {}

    def issue(self, grant: Grant) -> str:
        """Return a new token for this project and integration."""
        text = _new_token(grant, int(self._now()), int(self.lifetime))
        now = self._clock()
        known_at, expires_at = now + self._refused_seconds, now + self.lifetime
        self._tokens[text] = _Token(grant, known_at, expires_at)
        if len(self._tokens) > KEPT:
            del self._tokens[next(iter(self._tokens))]
        return text

    def project_of(self, authorization: str | None) -> int | None:
        """Return the project of a token, expired or not; None where it is unknown."""
        token = self._find(authorization)
        return token.grant.project_id if token else None

    def check(self, authorization: str | None) -> Grant:
        """Return what an `Authorization` header gives access to.

        Raises:
            UnknownTokenError: it has no bearer token, or one that was not issued
                here or is too new.
            ExpiredTokenError: the token is too old.
        """
        token, now = self._find(authorization), self._clock()
        if token is None:
            reason = "unknown token" if authorization else "no Authorization header"
            raise UnknownTokenError(reason)
        if now < token.known_at:
            message = "the token is too new: the sandbox refuses it for some seconds"
            raise UnknownTokenError(message)
        if now >= token.expires_at:
            message = "the token is expired"
            raise ExpiredTokenError(message)
        return token.grant

    def _find(self, authorization: str | None) -> _Token | None:
        scheme, _, text = (authorization or "").partition(" ")
        return self._tokens.get(text) if scheme == "Bearer" else None

    def expire_all(self) -> None:
        """Make every token issued so far expire now."""
        for token in self._tokens.values():
            token.expires_at = self._clock()

    def forget_all(self) -> None:
        """Forget all tokens: they are unknown from now on."""
        self._tokens.clear()


def _new_token(grant: Grant, issued_at: int, lifetime: int) -> str:
    """Return three base64url parts like the JWT that Contentsquare gives.

    The payload has the claims of the documentation's example. The third part is
    random instead of a signature: nobody here verifies one.
    """
    integration = grant.integration_id
    claims = {
        "iss": "enrichmentIntegration",
        "iat": issued_at,
        "exp": issued_at + lifetime,
        "version": "1",
        "projectId": grant.project_id,
        "integrationId": int(integration) if integration.isdecimal() else integration,
    }
    header = _encoded({"alg": "RS256", "typ": "JWT", "kid": "sandbox"})
    return f"{header}.{_encoded(claims)}.{secrets.token_urlsafe(32)}"


def _encoded(part: dict[str, object]) -> str:
    return urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()
