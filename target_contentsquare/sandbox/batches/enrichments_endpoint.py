"""`POST /v1/enrichments` over HTTP."""

import asyncio
from dataclasses import dataclass, replace

from aiohttp import web

from target_contentsquare.sandbox.answers import (
    cut_connection,
    fault_answer,
    limit_answer,
)
from target_contentsquare.sandbox.batches.outline import Outline
from target_contentsquare.sandbox.contentsquare import Contentsquare
from target_contentsquare.sandbox.errors import RefusedError, shortened
from target_contentsquare.sandbox.faults.fault import Fault
from target_contentsquare.sandbox.limits.limiter import OverLimit
from target_contentsquare.sandbox.received.exchanges import Answer, Exchange
from target_contentsquare.sandbox.received.summaries import Outcome, RequestSummary


@dataclass(frozen=True, slots=True)
class _Reply:
    """An answer, or None for a cut connection, and what the summary says of it."""

    response: web.Response | None
    outcome: Outcome
    reason: str | None = None
    error: RefusedError | None = None


class EnrichmentsEndpoint:
    """Answers batches, unless a limit or a fault comes first."""

    def __init__(self, contentsquare: Contentsquare) -> None:
        """Answer for this Contentsquare."""
        self._contentsquare = contentsquare
        self._now = contentsquare.options.now

    async def post(self, request: web.Request) -> web.StreamResponse:
        """Answer one batch and add it to what was received."""
        contentsquare = self._contentsquare
        started, at = asyncio.get_running_loop().time(), self._now()
        project = contentsquare.tokens.project_of(request.headers.get("Authorization"))
        with (
            contentsquare.received.handling(request.transport),
            contentsquare.limiter.handling(project) as over_limit,
        ):
            fault = None if over_limit else contentsquare.faults.next_for("enrichments")
            body = await request.read()
            outline = Outline.of(body)
            if over_limit:
                reply = _limit_reply(over_limit)
            else:
                reply = await self._reply(request, outline, fault)
            seconds = asyncio.get_running_loop().time() - started
            exchange = Exchange(
                body,
                None if project is None else request.headers.get("Authorization"),
                _answer(reply.response) if reply.response else None,
            )
            summary = _summary(outline, reply, at, seconds)
            contentsquare.received.finish(summary, exchange)
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
            return _Reply(None, "failed", "the client closed the connection too early")
        reply = (fault and _fault_reply(fault)) or self._store(request, outline)
        if not cut_after:
            return reply
        await _pause(delay)
        reason = reply.reason or "fault: stored, but the connection was cut"
        return replace(reply, response=None, reason=reason)

    def _store(self, request: web.Request, outline: Outline) -> _Reply:
        """Store the batch, or return the refusal."""
        authorization = request.headers.get("Authorization")
        answers = self._contentsquare.options.answers
        try:
            batch = self._contentsquare.admit(authorization, outline)
        except RefusedError as error:
            return _Reply(answers.to_refused(error), "refused", error.reason, error)
        version = outline.integration_version or 0
        self._contentsquare.received.store(batch, version, self._now())
        return _Reply(answers.to_stored(), "delivered")


async def _pause(seconds: float) -> None:
    # sleep(0) would let other requests go first.
    if seconds > 0:
        await asyncio.sleep(seconds)


def _limit_reply(over_limit: OverLimit) -> _Reply:
    return _Reply(limit_answer(over_limit), "limited", over_limit.reason)


def _fault_reply(fault: Fault) -> _Reply | None:
    """Return the reply of a fault that needs no checks, None for other faults."""
    if fault.drop == "before":
        return _Reply(None, "failed", "fault: the connection was cut")
    if fault.status is None:
        return None
    answer = fault_answer(fault.status, fault)
    return _Reply(answer, "failed", f"fault: answered {fault.status}")


def _answer(response: web.Response) -> Answer:
    names = ("Content-Type", "Retry-After", "Location")
    headers = tuple((n, response.headers[n]) for n in names if n in response.headers)
    return Answer(response.status, headers, response.text or "")


def _user_id(outline: Outline, row: int) -> str | None:
    user = outline.user_id(row)
    return None if user is None else shortened(user)


def _summary(
    outline: Outline, reply: _Reply, at: float, seconds: float
) -> RequestSummary:
    error = reply.error
    row = error.row if error else None
    return RequestSummary(
        at=at,
        status=reply.response.status if reply.response else None,
        outcome=reply.outcome,
        rows=outline.rows,
        project_id=outline.project_id,
        integration_version=outline.integration_version,
        reason=reply.reason,
        row=row,
        field=error.field if error else None,
        rule=error.rule if error else None,
        user_id=None if row is None else _user_id(outline, row),
        session_number=None if row is None else outline.session_number(row),
        duration=seconds,
    )
