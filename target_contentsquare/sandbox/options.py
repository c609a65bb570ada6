"""The options of a sandbox and their defaults."""

import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from target_contentsquare.sandbox.batches.answers import Answers
from target_contentsquare.sandbox.batches.integration_schema import IntegrationSchema
from target_contentsquare.sandbox.faults.fault import Fault
from target_contentsquare.sandbox.limits.limits import Limits
from target_contentsquare.sandbox.tokens.credentials import Credentials
from target_contentsquare.sandbox.tokens.sign_in import SignIn


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
        sign_in: how token requests are answered.
        answers: how batches are answered.
        limits: how many requests a project may make, from the start.
        token_seconds: how long a token lasts; the real ones last 3600.
        latency_ms: milliseconds that every request to `/v1/enrichments` takes.
        faults: what goes wrong from the start.
        refused_users: a batch that contains one of these users does not match.
        blocked_users: a batch that contains one of these users is refused by a
            firewall.
        seed: of the faults' random numbers; random by default.
        keep_history: whether to remember every accepted batch.
        keep: how many enrichments are remembered; those written first go first.
        clock: monotonic seconds, for the tokens and the limits.
        now: Unix seconds, for the times that are shown.
    """

    projects: tuple[int, ...] = (162, 163)
    client_id: str = "sandbox"
    client_secret: str = field(default="sandbox-secret", repr=False)
    project_credentials: tuple[Credentials, ...] | None = None
    integration_schemas: Mapping[int, IntegrationSchema] = field(default_factory=dict)
    integration_versions: tuple[int, ...] | None = None
    sign_in: SignIn = field(default_factory=SignIn)
    answers: Answers = field(default_factory=Answers)
    limits: Limits = field(default_factory=Limits)
    token_seconds: float = 3600
    latency_ms: float = 0
    faults: tuple[Fault, ...] = ()
    refused_users: frozenset[str] = frozenset()
    blocked_users: frozenset[str] = frozenset()
    seed: int = field(default_factory=lambda: secrets.randbelow(1_000_000))
    keep_history: bool = False
    keep: int = 1_000_000
    clock: Callable[[], float] = time.monotonic
    now: Callable[[], float] = time.time

    @property
    def credentials(self) -> list[Credentials]:
        """Return all credentials, those of account level first."""
        account = Credentials(
            self.client_id,
            self.client_secret,
            frozenset(self.projects),
            account_level=True,
            integration_ids=self.sign_in.integration_ids,
        )
        return [account, *self._project_level()]

    @property
    def versions(self) -> frozenset[int]:
        """Return the integration versions that are known."""
        given = self.integration_versions
        if given is None:
            given = () if self.integration_schemas else (1,)
        return frozenset(given) | self.integration_schemas.keys()

    def sentences(self) -> Iterator[str]:
        """Yield what the page says of the options that have no list of their own."""
        if self.token_seconds != 3600:  # noqa: PLR2004 - the documented lifetime
            yield f"Tokens last {self.token_seconds:g} s"
        if self.latency_ms:
            yield f"Every batch takes at least {self.latency_ms:g} ms"
        yield from self.sign_in.sentences()
        yield from self.answers.sentences()

    def _project_level(self) -> tuple[Credentials, ...]:
        if self.project_credentials is not None:
            return self.project_credentials
        return tuple(
            Credentials.of_project(
                f"sandbox-{project}", f"sandbox-{project}-secret", project
            )
            for project in self.projects[:1]
        )
