"""What Contentsquare does with a request, without the HTTP around it."""

from collections.abc import Sequence

from target_contentsquare.sandbox.batches.batch import (
    Enrichment,
    Envelope,
    check_scalars,
    read_enrichment,
)
from target_contentsquare.sandbox.batches.outline import Outline
from target_contentsquare.sandbox.errors import (
    FirewallError,
    PayloadError,
    ProjectError,
    TokenRequestError,
    VersionError,
)
from target_contentsquare.sandbox.faults.fault_plan import FaultPlan
from target_contentsquare.sandbox.limits.limiter import Limiter
from target_contentsquare.sandbox.options import Options
from target_contentsquare.sandbox.received.received import Received
from target_contentsquare.sandbox.tokens.credentials import sign_in
from target_contentsquare.sandbox.tokens.issued_tokens import Grant, Tokens
from target_contentsquare.sandbox.tokens.token_request import TokenRequest


class Contentsquare:
    """Everything that a sandbox knows; not safe to share between threads."""

    def __init__(self, options: Options) -> None:
        """Make one that has received nothing."""
        self.options = options
        self.tokens = Tokens(
            options.clock,
            options.now,
            options.token_seconds,
            options.sign_in.token_refused_seconds,
        )
        self.received = Received(keep=options.keep, keep_history=options.keep_history)
        self.limiter = Limiter(options.limits, options.clock)
        self.faults = FaultPlan(options.seed)
        self.faults.add(options.faults)
        self.refused_users = options.refused_users
        self.blocked_users = options.blocked_users

    def reset(self) -> None:
        """Forget what was received, tokens, faults, refused and blocked users."""
        self.tokens.forget_all()
        self.received.reset()
        self.faults.clear()
        self.refused_users = frozenset()
        self.blocked_users = frozenset()

    def grant(self, asked: TokenRequest) -> tuple[str, Grant]:
        """Return a new token and what it gives access to.

        Raises:
            RefusedError: wrong credentials, or a project or integration that they
                don't cover.
        """
        if self.options.sign_in.integration_id_required and not asked.integration_id:
            message = "integration_id is required"
            raise TokenRequestError(message)
        known = self.options.credentials
        grant = sign_in(known, asked.client_id, asked.client_secret).grant(asked)
        return self.tokens.issue(grant), grant

    def admit(
        self, authorization: str | None, outline: Outline
    ) -> Sequence[Enrichment]:
        """Return the enrichments of a batch that Contentsquare would take.

        The checks go from the outside in: firewall, token, shape, project, version,
        rows.

        Raises:
            RefusedError: it would not take them; one bad row refuses all.
        """
        if self.blocked_users:
            self._block(outline)
        grant = self.tokens.check(authorization)
        if outline.problem:
            raise PayloadError(outline.problem)
        envelope = Envelope.from_json(outline.document)
        if envelope.project_id != grant.project_id:
            message = f"the token is for project {grant.project_id}"
            raise ProjectError(message)
        if envelope.integration_version not in self.options.versions:
            message = f"version {envelope.integration_version} is not registered"
            raise VersionError(message)
        return [self._admit_row(envelope, row) for row in range(len(envelope.rows))]

    def _block(self, outline: Outline) -> None:
        for row in range(outline.rows):
            if outline.user_id(row) in self.blocked_users:
                message = "the sandbox was told to block this user"
                raise FirewallError(message, row, field="userId")

    def _admit_row(self, envelope: Envelope, row: int) -> Enrichment:
        enrichment = read_enrichment(envelope.rows[row], envelope.project_id, row)
        schema = self.options.integration_schemas.get(envelope.integration_version)
        if schema:
            schema.check(enrichment.fields, row)
        else:
            check_scalars(enrichment.fields, row)
        if enrichment.key.user_id in self.refused_users:
            message = "the sandbox was told to refuse this user"
            raise PayloadError(message, row, field="userId")
        return enrichment
