"""The answers of faults and limits, and cut connections."""

from http import HTTPStatus

from aiohttp import web

from target_contentsquare.sandbox.faults.fault import Fault
from target_contentsquare.sandbox.limits.limiter import OverLimit


def fault_answer(status: int, fault: Fault) -> web.Response:
    """Return an answer with the fault's status, headers and body."""
    headers = {}
    if fault.retry_after is not None:
        headers["Retry-After"] = str(fault.retry_after)
    if fault.location is not None:
        headers["Location"] = fault.location
    if fault.body is not None:
        return web.Response(status=status, text=fault.body, headers=headers)
    message = {"message": _phrase(status)}
    return web.json_response(message, status=status, headers=headers)


def limit_answer(over: OverLimit) -> web.Response:
    """Return the 429 of a request over a limit."""
    headers = {}
    if over.retry_after is not None:
        headers["Retry-After"] = str(over.retry_after)
    message = {"message": _phrase(429)}
    return web.json_response(message, status=429, headers=headers)


def cut_connection(request: web.Request) -> web.Response:
    """Cut the connection; the response returned is never sent."""
    if request.transport is not None:
        request.transport.abort()
    # aiohttp expects a response, which can no longer be sent.
    return web.Response()


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Fault"
