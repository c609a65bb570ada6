"""`POST /v1/enrichments` over HTTP."""

import asyncio
from dataclasses import dataclass, replace

from aiohttp import web

from target_contentsquare.sandbox.answers import cut_connection, fault_answer, refusal
from target_contentsquare.sandbox.contentsquare import Contentsquare, Outline
from target_contentsquare.sandbox.faults.fault import Fault
from target_contentsquare.sandbox.received.received import Outcome, RequestSummary
from target_contentsquare.sandbox.refusal import RefusedError


@dataclass(frozen=True, slots=True)
class _Reply:
    """An answer, or None for a cut connection, and what the summary says of it."""

    response: web.Response | None
    outcome: Outcome
    reason: str | None = None
    row: int | None = None


class EnrichmentsEndpoint:
    """Answers batches, unless a fault is due."""

    def __init__(self, contentsquare: Contentsquare) -> None:
        """Answer for this Contentsquare."""
        self._contentsquare = contentsquare
        self._now = contentsquare.options.now

    async def post(self, request: web.Request) -> web.StreamResponse:
        """Answer one batch and add it to what was received."""
        started, at = asyncio.get_running_loop().time(), self._now()
        received = self._contentsquare.received
        with received.handling(request.transport):
            fault = self._contentsquare.faults.next_for("enrichments")
            outline = Outline.of(await request.read())
            reply = await self._reply(request, outline, fault)
            seconds = asyncio.get_running_loop().time() - started
            received.finish(_summary(outline, reply, at, seconds))
        return reply.response or cut_connection(request)

    async def _reply(
        self, request: web.Request, outline: Outline, fault: Fault | None
    ) -> _Reply:
        """Wait for the latency and the fault's delay, then return the reply.

        With a fault that cuts the connection "after" storing, the delay comes between
        the two.
        """
        cut_after = fault is not None and fault.drop == "after"
        delay = fault.delay_ms / 1000 if fault else 0
        latency = self._contentsquare.options.latency_ms / 1000
        await _pause(latency if cut_after else latency + delay)
        if request.transport is None:
            return _Reply(None, "failed", "the client hung up before the answer")
        reply = (fault and _fault_reply(fault)) or self._judge(request, outline)
        if not cut_after:
            return reply
        await _pause(delay)
        reason = reply.reason or "fault: stored, but the connection was cut"
        return replace(reply, response=None, reason=reason)

    def _judge(self, request: web.Request, outline: Outline) -> _Reply:
        """Store the batch, or return the refusal."""
        authorization = request.headers.get("Authorization")
        try:
            batch = self._contentsquare.admit(authorization, outline)
        except RefusedError as error:
            return _Reply(refusal(error), "refused", error.reason, error.row)
        version = outline.integration_version or 0
        self._contentsquare.received.store(batch, version, self._now())
        return _Reply(web.Response(), "delivered")


async def _pause(seconds: float) -> None:
    # sleep(0) would let other requests go first.
    if seconds > 0:
        await asyncio.sleep(seconds)


def _fault_reply(fault: Fault) -> _Reply | None:
    """Return the reply of a fault that needs no checks, None for other faults."""
    if fault.drop == "before":
        return _Reply(None, "failed", "fault: the connection was cut")
    if fault.status is None:
        return None
    answer = fault_answer(fault.status, fault)
    return _Reply(answer, "failed", f"fault: answered {fault.status}")


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
