"""Access tokens: made, found again, and expired."""

import json
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from target_contentsquare.sandbox.refusal import refused_expired_token, refused_token

KEPT: Final = 10_000


@dataclass(slots=True)
class _Grant:
    project_id: int
    expires_at: float


class Tokens:
    """The tokens issued so far; the oldest are forgotten beyond 10,000.

    Args:
        clock: monotonic seconds; a test hands in its own to make time pass.
        lifetime: seconds that a token lasts.
    """

    def __init__(self, clock: Callable[[], float], lifetime: float) -> None:
        """Make one without tokens."""
        self.lifetime = lifetime
        self._clock = clock
        self._grants: dict[str, _Grant] = {}

    def issue(self, project_id: int) -> str:
        """Return a new token, good for this project only."""
        token = _new_token(project_id)
        self._grants[token] = _Grant(project_id, self._clock() + self.lifetime)
        if len(self._grants) > KEPT:
            del self._grants[next(iter(self._grants))]
        return token

    def project_of(self, authorization: str | None) -> int:
        """Return the project that an `Authorization` header gives access to.

        Raises:
            RefusedError: there is no bearer token in it, it was not issued here, or
                it has expired; each as Contentsquare would answer.
        """
        scheme, _, token = (authorization or "").partition(" ")
        grant = self._grants.get(token)
        if scheme != "Bearer" or grant is None:
            reason = "unknown token" if authorization else "no Authorization header"
            raise refused_token(reason)
        if self._clock() >= grant.expires_at:
            raise refused_expired_token()
        return grant.project_id

    def expire_all(self) -> None:
        """Make every token issued so far expire now."""
        for grant in self._grants.values():
            grant.expires_at = self._clock()

    def forget_all(self) -> None:
        """Forget all tokens: they are unknown from now on."""
        self._grants.clear()


def _new_token(project_id: int) -> str:
    """Return three base64url parts like the JWT that Contentsquare gives.

    The third part is random instead of a signature: nobody here verifies one.
    """
    header = _encoded({"alg": "RS256", "typ": "JWT"})
    payload = _encoded({"iss": "enrichmentIntegration", "projectId": project_id})
    return f"{header}.{payload}.{secrets.token_urlsafe(32)}"


def _encoded(part: dict[str, object]) -> str:
    return urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()
