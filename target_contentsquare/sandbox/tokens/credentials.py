"""Who may ask for a token, and for which projects and integrations."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hmac import compare_digest
from typing import Final

from target_contentsquare.sandbox.errors import (
    CredentialsError,
    ProjectError,
    TokenRequestError,
)
from target_contentsquare.sandbox.tokens.issued_tokens import Grant
from target_contentsquare.sandbox.tokens.token_request import TokenRequest

# The integration of the documentation's example, where none was asked for.
DEFAULT_INTEGRATION: Final = "100"


@dataclass(frozen=True, slots=True)
class Credentials:
    """OAuth credentials of the Contentsquare console.

    Attributes:
        client_id: their name.
        client_secret: compared in constant time, kept out of the repr.
        projects: the projects they cover.
        account_level: whether a token request has to name its project; those made
            at project level know theirs.
        integration_ids: the integrations they cover; empty for any.
    """

    client_id: str
    client_secret: str = field(repr=False)
    projects: frozenset[int]
    account_level: bool
    integration_ids: frozenset[str] = frozenset()

    @classmethod
    def of_project(
        cls,
        client_id: str,
        client_secret: str,
        project: int,
        integration_id: object = None,
    ) -> "Credentials":
        """Return credentials made at project level."""
        ids = () if integration_id is None else (str(integration_id),)
        projects, integrations = frozenset({project}), frozenset(ids)
        return cls(client_id, client_secret, projects, False, integrations)  # noqa: FBT003 - in the order of the fields

    def sentence(self) -> str:
        """Return what the page says of these credentials."""
        projects = ", ".join(str(project) for project in sorted(self.projects))
        integrations = ", ".join(sorted(self.integration_ids))
        suffix = f"; integrations {integrations}" if integrations else ""
        return f"{self.client_id}: projects {projects or 'none'}{suffix}"

    def grant(self, asked: TokenRequest) -> Grant:
        """Return what a token request gets.

        Raises:
            RefusedError: the project or the integration is not covered, or no
                project was named and it is needed.
        """
        return Grant(
            self._project(asked.project_id), self._integration(asked.integration_id)
        )

    def _project(self, asked: int | None) -> int:
        if asked is None and self.account_level:
            message = "project_id is required with account-level credentials"
            raise TokenRequestError(message)
        if asked is None:
            return next(iter(self.projects))
        if asked not in self.projects:
            message = f"the credentials don't cover project {asked}"
            raise ProjectError(message)
        return asked

    def _integration(self, asked: str | None) -> str:
        if asked is None:
            return min(self.integration_ids, default=DEFAULT_INTEGRATION)
        if self.integration_ids and asked not in self.integration_ids:
            message = f"the credentials don't cover integration {asked!r}"
            raise ProjectError(message)
        return asked


def sign_in(
    known: Iterable[Credentials], client_id: str, client_secret: str
) -> Credentials:
    """Return the credentials that have this id and secret.

    Raises:
        CredentialsError: there are none such.
    """
    for credentials in known:
        if credentials.client_id == client_id and compare_digest(
            _bytes(credentials.client_secret), _bytes(client_secret)
        ):
            return credentials
    message = "no credentials have this client_id and client_secret"
    raise CredentialsError(message)


def project_credentials_from(document: object) -> list[Credentials]:
    """Return the credentials in JSON: project id to id, secret and integration.

    The form is `{"162": {"client_id": "a", "client_secret": "b"}}`, where
    `integration_id` may stand beside the two.

    Raises:
        ValueError: the document has another form.
    """
    if not isinstance(document, Mapping):
        message = "must be an object: project id to credentials"
        raise ValueError(message)  # noqa: TRY004 - the file is wrong, not the code
    return [_of_project(project, given) for project, given in document.items()]


def _of_project(project: object, given: object) -> Credentials:
    known = {"client_id", "client_secret", "integration_id"}
    if not str(project).isdecimal() or not isinstance(given, Mapping):
        message = f"{json.dumps(project)}: must be a project id with an object"
        raise ValueError(message)
    if unknown := sorted(given.keys() - known):
        message = f"project {project}: unknown key {unknown[0]!r}"
        raise ValueError(message)
    if not all(isinstance(given.get(k), str) for k in ("client_id", "client_secret")):
        message = f"project {project}: client_id and client_secret must be text"
        raise ValueError(message)
    return Credentials.of_project(
        given["client_id"],
        given["client_secret"],
        int(str(project)),
        given.get("integration_id"),
    )


def _bytes(secret: str) -> bytes:
    # JSON can hold half a surrogate pair, which UTF-8 has no bytes for.
    return secret.encode("utf-8", "surrogatepass")
