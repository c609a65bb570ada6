"""Who may ask for a token, and for which projects."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from hmac import compare_digest

from target_contentsquare.sandbox.refusal import (
    refused_project,
    refused_token,
    refused_token_request,
)


@dataclass(frozen=True, slots=True)
class Credentials:
    """OAuth credentials of the Contentsquare console.

    Attributes:
        client_id: their name.
        client_secret: compared in constant time, kept out of the repr.
        projects: the projects they cover.
        account_level: whether a token request has to name its project; those made
            at project level know theirs.
    """

    client_id: str
    client_secret: str = field(repr=False)
    projects: frozenset[int]
    account_level: bool

    def project_for(self, asked: int | None) -> int:
        """Return the project that a token is for.

        Raises:
            RefusedError: none was asked for and it is needed, or it isn't covered.
        """
        if asked is None and self.account_level:
            message = "project_id is required with account-level credentials"
            raise refused_token_request(message)
        if asked is None:
            return next(iter(self.projects))
        if asked not in self.projects:
            message = f"the credentials don't cover project {asked}"
            raise refused_project(message)
        return asked


def sign_in(
    known: Iterable[Credentials], client_id: str, client_secret: str
) -> Credentials:
    """Return the credentials that have this id and secret.

    Raises:
        RefusedError: there are none such.
    """
    for credentials in known:
        if credentials.client_id == client_id and compare_digest(
            _bytes(credentials.client_secret), _bytes(client_secret)
        ):
            return credentials
    message = "no credentials have this client_id and client_secret"
    raise refused_token(message)


def _bytes(secret: str) -> bytes:
    # JSON can hold half a surrogate pair, which UTF-8 has no bytes for.
    return secret.encode("utf-8", "surrogatepass")
