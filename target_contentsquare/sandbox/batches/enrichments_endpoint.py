"""`POST /v1/enrichments` over HTTP."""

import asyncio
from dataclasses import dataclass, replace

from aiohttp import web

from target_contentsquare.sandbox.contentsquare import Contentsquare, Outline
from target_contentsquare.sandbox.faults.answers import fault_answer, hang_up, refusal
from target_contentsquare.sandbox.faults.faults import Fault
from target_contentsquare.sandbox.received.ledger import Outcome, RequestSummary
from target_contentsquare.sandbox.refusal import RefusedError


@dataclass(frozen=True, slots=True)
class _Reply:
    """An answer, or None for a cut connection, and what to note about it."""

    response: web.Response | None
    outcome: Outcome
    reason: str | None = None
    row: int | None = None


class EnrichmentsEndpoint:
    """Takes batches, unless a fault says otherwise."""

    def __init__(self, contentsquare: Contentsquare) -> None:
        """Answer from what this Contentsquare knows."""
        self._contentsquare = contentsquare
        self._now = contentsquare.options.now

    async def post(self, request: web.Request) -> web.StreamResponse:
        """Answer one batch, and note in the ledger what became of it."""
        started, at = asyncio.get_running_loop().time(), self._now()
        ledger = self._contentsquare.ledger
        with ledger.handling(request.transport):
            fault = self._contentsquare.faults.next_for("enrichments")
            outline = Outline.of(await request.read())
            reply = await self._reply(request, outline, fault)
            seconds = asyncio.get_running_loop().time() - started
            ledger.finish(_summary(outline, reply, at, seconds))
        return reply.response or hang_up(request)

    async def _reply(
        self, request: web.Request, outline: Outline, fault: Fault | None
    ) -> _Reply:
        """Wait as long as ordered, then reply; a fault's drop "after" waits after."""
        cut_after = fault is not None and fault.drop == "after"
        delay = fault.delay_ms / 1000 if fault else 0
        latency = self._contentsquare.options.latency_ms / 1000
        await _pause(latency if cut_after else latency + delay)
        if request.transport is None:
            return _Reply(None, "disturbed", "the client hung up before the answer")
        reply = (fault and _fault_reply(fault)) or self._judge(request, outline)
        if not cut_after:
            return reply
        await _pause(delay)
        reason = reply.reason or "fault: stored, but the connection was cut"
        return replace(reply, response=None, reason=reason)

    def _judge(self, request: web.Request, outline: Outline) -> _Reply:
        """Store the batch or refuse it, as Contentsquare would."""
        authorization = request.headers.get("Authorization")
        try:
            batch = self._contentsquare.admit(authorization, outline)
        except RefusedError as error:
            return _Reply(refusal(error), "refused", error.reason, error.row)
        version = outline.integration_version or 0
        self._contentsquare.ledger.store(batch, version, self._now())
        return _Reply(web.Response(), "delivered")


async def _pause(seconds: float) -> None:
    # Even sleep(0) lets other requests go first, which nobody has asked for.
    if seconds > 0:
        await asyncio.sleep(seconds)


def _fault_reply(fault: Fault) -> _Reply | None:
    """Reply for a fault that comes ahead of all checks, None for the others."""
    if fault.drop == "before":
        return _Reply(None, "disturbed", "fault: the connection was cut")
    if fault.status is None:
        return None
    answer = fault_answer(fault.status, fault)
    return _Reply(answer, "disturbed", f"fault: answered {fault.status}")


def _summary(
    outline: Outline, reply: _Reply, at: float, seconds: float
) -> RequestSummary:
    return RequestSummary(
        at=at,
        status=reply.response.status if reply.response else None,
        outcome=reply.outcome,
        rows=outline.rows,
        project_id=outline.project_id,
        integration_version=outline.integration_version,
        reason=reply.reason,
        row=reply.row,
        duration=seconds,
    )
