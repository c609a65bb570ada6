"""`POST /v1/oauth/token` over HTTP."""

import asyncio

from aiohttp import web

from target_contentsquare.sandbox.answers import cut_connection, fault_answer, refusal
from target_contentsquare.sandbox.contentsquare import Contentsquare
from target_contentsquare.sandbox.faults.fault import Fault
from target_contentsquare.sandbox.received.received import TokenRequestSummary
from target_contentsquare.sandbox.refusal import RefusedError
from target_contentsquare.sandbox.tokens.token_request import TokenRequest


class TokenEndpoint:
    """Answers token requests, unless a fault is due."""

    def __init__(self, contentsquare: Contentsquare) -> None:
        """Answer for this Contentsquare."""
        self._contentsquare = contentsquare

    async def post(self, request: web.Request) -> web.StreamResponse:
        """Answer one token request and add it to what was received."""
        body = await request.read()
        fault = self._contentsquare.faults.next_for("token")
        if fault and fault.delay_ms:
            await asyncio.sleep(fault.delay_ms / 1000)
        if fault and fault.status:
            self._note(fault.status, reason=f"fault: answered {fault.status}")
            return fault_answer(fault.status, fault)
        if fault and fault.drop == "before":
            self._note(None, reason="fault: the connection was cut")
            return cut_connection(request)
        answer = self._judge(request, body, fault)
        return cut_connection(request) if fault and fault.drop else answer

    def _judge(
        self, request: web.Request, body: bytes, fault: Fault | None
    ) -> web.Response:
        """Return the answer with a token, or the refusal."""
        asked: TokenRequest | None = None
        try:
            asked = TokenRequest.from_body(body)
            token, project = self._contentsquare.grant(asked)
        except RefusedError as error:
            self._note(error.status, asked, reason=error.reason)
            return refusal(error)
        self._note(None if fault and fault.drop else 200, asked, project=project)
        return web.json_response(self._grant(request, token, project))

    def _grant(
        self, request: web.Request, token: str, project: int
    ) -> dict[str, object]:
        return {
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": int(self._contentsquare.options.token_seconds),
            "project_id": project,
            # The address that the client used: it also works from a container or
            # through a mapped port.
            "endpoint": f"{request.scheme}://{request.host}",
        }

    def _note(
        self,
        status: int | None,
        asked: TokenRequest | None = None,
        *,
        project: int | None = None,
        reason: str | None = None,
    ) -> None:
        summary = TokenRequestSummary(
            at=self._contentsquare.options.now(),
            status=status,
            client_id=asked.client_id if asked else None,
            project_id=project or (asked.project_id if asked else None),
            reason=reason,
        )
        self._contentsquare.received.finish_token_request(summary)
