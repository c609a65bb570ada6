"""What Contentsquare does with a request, without the HTTP around it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from target_contentsquare.sandbox import strict_json
from target_contentsquare.sandbox.batches.batch import (
    Enrichment,
    Envelope,
    read_enrichment,
    why_not_scalars,
)
from target_contentsquare.sandbox.faults.fault_plan import FaultPlan
from target_contentsquare.sandbox.options import Options
from target_contentsquare.sandbox.received.received import Received
from target_contentsquare.sandbox.refusal import (
    refused_payload,
    refused_project,
    refused_version,
)
from target_contentsquare.sandbox.tokens.credentials import sign_in
from target_contentsquare.sandbox.tokens.issued_tokens import Tokens
from target_contentsquare.sandbox.tokens.token_request import TokenRequest


@dataclass(frozen=True, slots=True)
class Outline:
    """What can be read of a batch, whatever is wrong with it."""

    document: object
    problem: str | None = None

    @classmethod
    def of(cls, body: bytes) -> "Outline":
        """Return the outline of a body; `problem` says what is wrong with its JSON."""
        try:
            return cls(strict_json.parse(body))
        except ValueError as error:
            return cls(None, f"the body is not JSON: {error}")

    @property
    def rows(self) -> int:
        """Return how many enrichments there are, 0 where that can't be read."""
        rows = self._get("enrichments")
        return len(rows) if isinstance(rows, list) else 0

    @property
    def project_id(self) -> int | None:
        """Return the project, if it can be read."""
        return self._integer("projectId")

    @property
    def integration_version(self) -> int | None:
        """Return the integration version, if it can be read."""
        return self._integer("integrationVersion")

    def _integer(self, name: str) -> int | None:
        value = self._get(name)
        return value if type(value) is int else None

    def _get(self, name: str) -> object:
        return self.document.get(name) if isinstance(self.document, Mapping) else None


class Contentsquare:
    """Everything that a sandbox knows; not safe to share between threads."""

    def __init__(self, options: Options) -> None:
        """Make one that has received nothing."""
        self.options = options
        self.tokens = Tokens(options.clock, options.token_seconds)
        self.received = Received(keep_history=options.keep_history)
        self.faults = FaultPlan(options.seed)
        self.faults.add(options.faults)
        self.refused_users: frozenset[str] = frozenset()

    def reset(self) -> None:
        """Forget what was received, the tokens, the faults and the refused users."""
        self.tokens.forget_all()
        self.received.reset()
        self.faults.clear()
        self.refused_users = frozenset()

    def grant(self, asked: TokenRequest) -> tuple[str, int]:
        """Return a new token and the project it is for.

        Raises:
            RefusedError: wrong credentials, or a project they don't cover.
        """
        known = self.options.credentials
        credentials = sign_in(known, asked.client_id, asked.client_secret)
        project = credentials.project_for(asked.project_id)
        return self.tokens.issue(project), project

    def admit(
        self, authorization: str | None, outline: Outline
    ) -> Sequence[Enrichment]:
        """Return the enrichments of a batch that Contentsquare would take.

        The checks go from the outside in: token, shape, project, version, rows.

        Raises:
            RefusedError: it would not take them; one bad row refuses all.
        """
        project = self.tokens.project_of(authorization)
        if outline.problem:
            raise refused_payload(outline.problem)
        envelope = Envelope.from_json(outline.document)
        if envelope.project_id != project:
            message = f"the token is for project {project}"
            raise refused_project(message)
        if envelope.integration_version not in self.options.versions:
            message = f"version {envelope.integration_version} is not registered"
            raise refused_version(message)
        return [self._admit_row(envelope, row) for row in range(len(envelope.rows))]

    def _admit_row(self, envelope: Envelope, row: int) -> Enrichment:
        enrichment = read_enrichment(envelope.rows[row], envelope.project_id, row)
        schema = self.options.integration_schemas.get(envelope.integration_version)
        fields = enrichment.fields
        problem = schema.why_not(fields) if schema else why_not_scalars(fields)
        if problem:
            raise refused_payload(problem, row)
        if enrichment.key.user_id in self.refused_users:
            message = "the sandbox was told to refuse this user"
            raise refused_payload(message, row)
        return enrichment
