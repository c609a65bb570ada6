"""The buttons of the page."""

from collections.abc import Mapping

from aiohttp import web

from target_contentsquare.sandbox.contentsquare import Contentsquare
from target_contentsquare.sandbox.faults.fault_syntax import fault_from_text
from target_contentsquare.sandbox.limits.limits import changed_limits

FAULTS: Mapping[str, str] = {
    "status=503": "The next batch is answered 503",
    "status=429,retry_after=2,count=3": "The next 3 batches: 429, Retry-After 2",
    "drop=before": "The next batch is cut off and not stored",
    "drop=after": "The next batch is stored, then cut off",
    "delay_ms=5000": "The next batch waits 5 s",
    "on=token,status=500": "The next sign-in is answered 500",
}
"""What the page offers, as the option `--fault` has it, and in words."""


class Buttons:
    """Answers the forms of the page, and leads back to it."""

    def __init__(self, contentsquare: Contentsquare) -> None:
        """Control this Contentsquare."""
        self._contentsquare = contentsquare

    def routes(self) -> list[web.RouteDef]:
        """Return the paths that the forms are sent to."""
        return [
            web.post("/_sandbox/buttons/reset", self.post_reset),
            web.post("/_sandbox/buttons/expire-tokens", self.post_expire_tokens),
            web.post("/_sandbox/buttons/fault", self.post_fault),
            web.post("/_sandbox/buttons/refuse", self.post_refuse),
            web.post("/_sandbox/buttons/refuse-none", self.post_refuse_none),
            web.post("/_sandbox/buttons/rate", self.post_rate),
        ]

    async def post_reset(self, _: web.Request) -> web.Response:
        """Forget what was received, tokens, faults and refused users."""
        self._contentsquare.reset()
        return _back_to_page()

    async def post_expire_tokens(self, _: web.Request) -> web.Response:
        """Make every token issued so far expire now."""
        self._contentsquare.tokens.expire_all()
        return _back_to_page()

    async def post_fault(self, request: web.Request) -> web.Response:
        """Add a fault."""
        try:
            fault = fault_from_text(await _text(request, "fault"))
        except ValueError as error:
            return _wrong(error)
        self._contentsquare.faults.add([fault])
        return _back_to_page()

    async def post_refuse(self, request: web.Request) -> web.Response:
        """Refuse batches that contain this user, besides those refused so far."""
        if user := await _text(request, "user"):
            self._contentsquare.refused_users |= {user}
        return _back_to_page()

    async def post_refuse_none(self, _: web.Request) -> web.Response:
        """Refuse and block no user any more."""
        self._contentsquare.refused_users = frozenset()
        self._contentsquare.blocked_users = frozenset()
        return _back_to_page()

    async def post_rate(self, request: web.Request) -> web.Response:
        """Change the rate; none where the field is empty."""
        limiter = self._contentsquare.limiter
        text = await _text(request, "rate")
        try:
            rate = {"rate": float(text) if text else None}
            limiter.change(changed_limits(limiter.limits, rate))
        except ValueError as error:
            return _wrong(error)
        return _back_to_page()


async def _text(request: web.Request, name: str) -> str:
    return str((await request.post()).get(name, "")).strip()


def _back_to_page() -> web.Response:
    return web.Response(status=303, headers={"Location": "/"})


def _wrong(error: ValueError) -> web.Response:
    return web.Response(status=400, text=f"{error}\n")
