"""The credentials of a run, read from the settings that hold them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from target_contentsquare.api.signing_in.account import Credentials, Keyring
from target_contentsquare.errors import ConfigError, ProjectNotCoveredError
from target_contentsquare.settings.declared import CREDENTIALS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from target_contentsquare.mapping.stream_mapping import StreamMapping

_PROJECT_ID = re.compile(r"[1-9][0-9]{0,17}")


def read_keyring(
    config: Mapping[str, Any], mappings: Iterable[StreamMapping]
) -> Keyring:
    """Return the credentials of a run.

    Those without an integration id have the one at the top.

    Args:
        config: Fits the JSON schema.
        mappings: Of all streams; the projects that they name have to be covered,
            unless it is a dry run.

    Raises:
        ConfigError: A project has no credentials, or a key of `credentials` is no
            project id.
    """
    integration_id = config.get("integration_id")
    default = None
    if all(name in config for name in CREDENTIALS):
        default = Credentials(
            config["client_id"], config["client_secret"], integration_id
        )
    keyring = Keyring(
        default,
        {
            _project_id(project): _credentials(entry, integration_id)
            for project, entry in config.get("credentials", {}).items()
        },
    )
    if not config["dry_run"]:
        _check_projects(keyring, mappings)
    return keyring


def _project_id(text: str) -> int:
    if not _PROJECT_ID.fullmatch(text):
        raise ConfigError(f"credentials.{text}: must be a project id, such as 162")
    return int(text)


def _credentials(
    entry: Mapping[str, Any], integration_id: int | str | None
) -> Credentials:
    own = entry.get("integration_id")
    return Credentials(
        entry["client_id"],
        entry["client_secret"],
        integration_id if own is None else own,
    )


def _check_projects(keyring: Keyring, mappings: Iterable[StreamMapping]) -> None:
    """Look at all but those that rows name."""
    named = {m.project_id for m in mappings if not isinstance(m.project_id, str)}
    try:
        for project_id in sorted(named, key=lambda project: project or 0):
            keyring.credentials_for(project_id)
    except ProjectNotCoveredError as error:
        raise ConfigError(f"credentials: {error}") from None
