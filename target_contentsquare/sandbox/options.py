"""The options of a sandbox and their defaults."""

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from target_contentsquare.sandbox.batches.integration_schema import IntegrationSchema
from target_contentsquare.sandbox.faults.fault import Fault
from target_contentsquare.sandbox.tokens.credentials import Credentials


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How one sandbox behaves.

    Attributes:
        projects: what the account-level credentials cover.
        client_id: the account-level credentials' name.
        client_secret: the account-level credentials' secret.
        project_credentials: those made at project level; None makes one set for the
            first project, `sandbox-162` with `sandbox-162-secret`.
        integration_schemas: the registered schema of an integration version.
        integration_versions: further versions that are known, whose enrichments are
            checked by the general rules only; None is version 1 where there are no
            schemas.
        token_seconds: how long a token lasts; the real ones last 3600.
        latency_ms: milliseconds that every request to `/v1/enrichments` takes.
        faults: what goes wrong from the start.
        seed: of the faults' random numbers; random by default.
        keep_history: whether to remember every accepted batch.
        clock: monotonic seconds, for the tokens.
        now: Unix seconds, for the times that are shown.
    """

    projects: tuple[int, ...] = (162, 163)
    client_id: str = "sandbox"
    client_secret: str = field(default="sandbox-secret", repr=False)
    project_credentials: tuple[tuple[str, str, int], ...] | None = None
    integration_schemas: Mapping[int, IntegrationSchema] = field(default_factory=dict)
    integration_versions: tuple[int, ...] | None = None
    token_seconds: float = 3600
    latency_ms: float = 0
    faults: tuple[Fault, ...] = ()
    seed: int = field(default_factory=lambda: secrets.randbelow(1_000_000))
    keep_history: bool = False
    clock: Callable[[], float] = time.monotonic
    now: Callable[[], float] = time.time

    @property
    def credentials(self) -> list[Credentials]:
        """Return all credentials, those of account level first."""
        covered = frozenset(self.projects)
        account = Credentials(
            self.client_id, self.client_secret, covered, account_level=True
        )
        return [account, *(_project_level(*given) for given in self._project_level())]

    @property
    def versions(self) -> frozenset[int]:
        """Return the integration versions that are known."""
        given = self.integration_versions
        if given is None:
            given = () if self.integration_schemas else (1,)
        return frozenset(given) | self.integration_schemas.keys()

    def _project_level(self) -> tuple[tuple[str, str, int], ...]:
        if self.project_credentials is not None:
            return self.project_credentials
        return tuple(
            (f"sandbox-{project}", f"sandbox-{project}-secret", project)
            for project in self.projects[:1]
        )


def _project_level(client_id: str, client_secret: str, project: int) -> Credentials:
    covered = frozenset({project})
    return Credentials(client_id, client_secret, covered, account_level=False)
