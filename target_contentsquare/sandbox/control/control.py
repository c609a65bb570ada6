"""`/_sandbox/…`: for scripts that watch and control the sandbox."""

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from functools import wraps

from aiohttp import web

from target_contentsquare.sandbox import strict_json
from target_contentsquare.sandbox.contentsquare import Contentsquare
from target_contentsquare.sandbox.control.state_report import state_report
from target_contentsquare.sandbox.faults.fault_syntax import fault_from_json
from target_contentsquare.sandbox.limits.limits import changed_limits

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Control:
    """Answers the paths that the real API does not have; needs no token."""

    def __init__(self, contentsquare: Contentsquare) -> None:
        """Watch and control this Contentsquare."""
        self._contentsquare = contentsquare

    def routes(self) -> list[web.RouteDef]:
        """Return the paths under `/_sandbox/`."""
        return [
            web.get("/_sandbox/state", self.get_state),
            web.post("/_sandbox/faults", _answering_400(self.post_faults)),
            web.post("/_sandbox/refuse", _answering_400(self.post_refuse)),
            web.post("/_sandbox/block", _answering_400(self.post_block)),
            web.post("/_sandbox/limits", _answering_400(self.post_limits)),
            web.post("/_sandbox/expire-tokens", self.post_expire_tokens),
            web.post("/_sandbox/reset", self.post_reset),
        ]

    async def get_state(self, request: web.Request) -> web.Response:
        """Return totals, requests and, without `?enrichments=0`, enrichments."""
        whole = request.query.get("enrichments") != "0"
        return web.json_response(state_report(self._contentsquare, enrichments=whole))

    async def post_faults(self, request: web.Request) -> web.Response:
        """Add the faults of a JSON list."""
        given = strict_json.parse(await request.read())
        if not isinstance(given, list):
            message = "send a JSON list of faults"
            raise ValueError(message)  # noqa: TRY004 - it becomes a 400
        self._contentsquare.faults.add([fault_from_json(fault) for fault in given])
        return web.json_response({"seed": self._contentsquare.faults.seed})

    async def post_refuse(self, request: web.Request) -> web.Response:
        """Refuse batches that contain one of these users from now on; [] for none."""
        self._contentsquare.refused_users = await _user_ids(request)
        return web.json_response({})

    async def post_block(self, request: web.Request) -> web.Response:
        """Answer 403 to batches that contain one of these users; [] for none."""
        self._contentsquare.blocked_users = await _user_ids(request)
        return web.json_response({})

    async def post_limits(self, request: web.Request) -> web.Response:
        """Change the limits named in a JSON object; return all that hold now."""
        limiter = self._contentsquare.limiter
        given = strict_json.parse(await request.read())
        limiter.change(changed_limits(limiter.limits, given))
        return web.json_response(asdict(limiter.limits))

    async def post_expire_tokens(self, _: web.Request) -> web.Response:
        """Make every token issued so far expire now."""
        self._contentsquare.tokens.expire_all()
        return web.json_response({})

    async def post_reset(self, _: web.Request) -> web.Response:
        """Forget everything, faults and tokens included."""
        self._contentsquare.reset()
        return web.json_response({})


async def _user_ids(request: web.Request) -> frozenset[str]:
    given = strict_json.parse(await request.read())
    users = given.get("userIds") if isinstance(given, dict) else None
    if not isinstance(users, list) or not all(isinstance(u, str) for u in users):
        message = 'send {"userIds": [...]} with the user ids as text'
        raise ValueError(message)
    return frozenset(users)


def _answering_400(handler: Handler) -> Handler:
    """Return a handler that answers 400 where this one raises ValueError."""

    @wraps(handler)
    async def handle(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except ValueError as error:
            return web.json_response({"message": str(error)}, status=400)

    return handle
