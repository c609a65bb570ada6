"""Whom a token is for, and with which credentials it is asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

from target_contentsquare.errors import ProjectNotCoveredError

if TYPE_CHECKING:
    from collections.abc import Mapping

IntegrationId: TypeAlias = str | int


@dataclass(frozen=True, slots=True)
class Account:
    """What a token is for: a project, and the integration that sends to it.

    Args:
        project_id: None for the one that the credentials know.
        integration_id: Sent in the token request when set.
    """

    project_id: int | None = None
    integration_id: IntegrationId | None = None


@dataclass(frozen=True, slots=True)
class Credentials:
    """OAuth credentials, as the Contentsquare console gives them."""

    client_id: str
    client_secret: str = field(repr=False)
    integration_id: IntegrationId | None = None


@dataclass(frozen=True, slots=True)
class Keyring:
    """All credentials of a run.

    Args:
        default: For projects that have none of their own.
        by_project: For those that have.
    """

    default: Credentials | None
    by_project: Mapping[int, Credentials] = field(
        default_factory=lambda: MappingProxyType({})
    )

    def credentials_for(self, project_id: int | None) -> Credentials:
        """Return the credentials to use for a project.

        Raises:
            ProjectNotCoveredError: There are none.
        """
        own = None if project_id is None else self.by_project.get(project_id)
        found = own or self.default
        if found is not None:
            return found
        if project_id is None:
            msg = "no project_id is set, and credentials are by project: set project_id"
        else:
            msg = (
                f"there are no credentials for project {project_id}: add it to "
                "credentials, or set client_id and client_secret"
            )
        raise ProjectNotCoveredError(msg, project_id)
