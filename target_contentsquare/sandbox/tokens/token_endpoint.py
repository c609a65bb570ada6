"""`POST /v1/oauth/token` over HTTP."""

import asyncio

from aiohttp import web

from target_contentsquare.sandbox.answers import cut_connection, fault_answer
from target_contentsquare.sandbox.contentsquare import Contentsquare
from target_contentsquare.sandbox.errors import RefusedError, shortened
from target_contentsquare.sandbox.faults.fault import Fault
from target_contentsquare.sandbox.received.summaries import TokenRequestSummary
from target_contentsquare.sandbox.tokens.issued_tokens import Grant
from target_contentsquare.sandbox.tokens.token_request import TokenRequest


class TokenEndpoint:
    """Answers token requests, unless a fault is due."""

    def __init__(self, contentsquare: Contentsquare) -> None:
        """Answer for this Contentsquare."""
        self._contentsquare = contentsquare
        self._now = contentsquare.options.now

    async def post(self, request: web.Request) -> web.StreamResponse:
        """Answer one token request and add it to what was received."""
        body = await request.read()
        fault = self._contentsquare.faults.next_for("token")
        if fault and fault.delay_ms:
            await asyncio.sleep(fault.delay_ms / 1000)
        if fault and fault.status:
            self._add_failed(fault.status, f"fault: answered {fault.status}")
            return fault_answer(fault.status, fault)
        if fault and fault.drop == "before":
            self._add_failed(None, "fault: the connection was cut")
            return cut_connection(request)
        answer = self._check_and_grant(request, body, fault)
        return cut_connection(request) if fault and fault.drop else answer

    def _check_and_grant(
        self, request: web.Request, body: bytes, fault: Fault | None
    ) -> web.Response:
        """Return the answer with a token, or the refusal."""
        options = self._contentsquare.options
        asked: TokenRequest | None = None
        try:
            asked = TokenRequest.from_body(body)
            token, grant = self._contentsquare.grant(asked)
        except RefusedError as error:
            answer = options.sign_in.to_refused(error)
            self._add_refused(asked, answer.status, error.reason)
            return answer
        self._add_granted(asked, grant, None if fault and fault.drop else 200)
        # The address that the client used: it also works from a container or through
        # a mapped port.
        url = f"{request.scheme}://{request.host}"
        seconds = options.token_seconds
        return options.sign_in.to_granted(token, grant.project_id, seconds, url)

    def _add_failed(self, status: int | None, reason: str) -> None:
        self._add(
            TokenRequestSummary(
                at=self._now(), status=status, outcome="failed", reason=reason
            )
        )

    def _add_refused(
        self, asked: TokenRequest | None, status: int, reason: str
    ) -> None:
        self._add(
            TokenRequestSummary(
                at=self._now(),
                status=status,
                outcome="refused",
                client_id=shortened(asked.client_id) if asked else None,
                project_id=asked.project_id if asked else None,
                integration_id=asked.integration_id if asked else None,
                reason=reason,
            )
        )

    def _add_granted(
        self, asked: TokenRequest, grant: Grant, status: int | None
    ) -> None:
        self._add(
            TokenRequestSummary(
                at=self._now(),
                status=status,
                outcome="granted",
                client_id=asked.client_id,
                project_id=grant.project_id,
                integration_id=grant.integration_id,
            )
        )

    def _add(self, summary: TokenRequestSummary) -> None:
        self._contentsquare.received.finish_token_request(summary)
