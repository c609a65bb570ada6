"""`GET /`: the page that shows what Contentsquare would have received."""

import secrets
from datetime import datetime, timezone
from functools import cached_property

from aiohttp import web
from jinja2 import Environment, PackageLoader, StrictUndefined

from target_contentsquare.sandbox.contentsquare import Contentsquare
from target_contentsquare.sandbox.page.page_view import page_view


class Page:
    """Renders the page on the server; its script only asks for the rest again."""

    def __init__(self, contentsquare: Contentsquare) -> None:
        """Show this Contentsquare."""
        self._contentsquare = contentsquare

    async def get(self, request: web.Request) -> web.Response:
        """Answer the page; `?user=` shows only sessions of users that hold this."""
        return self._rendered("page.html", request)

    async def get_received(self, request: web.Request) -> web.Response:
        """Answer the part that changes.

        It has no style or script of its own, whose nonce would not be the page's.
        """
        return self._rendered("received.html", request)

    def _rendered(self, template: str, request: web.Request) -> web.Response:
        nonce = secrets.token_urlsafe(16)
        view = page_view(self._contentsquare, request.query.get("user", "").strip())
        html = self._environment.get_template(template).render(
            view=view,
            options=self._contentsquare.options,
            auth_url=f"{request.scheme}://{request.host}/v1/oauth/token",
            nonce=nonce,
        )
        headers = _headers(nonce)
        return web.Response(text=html, content_type="text/html", headers=headers)

    @cached_property
    def _environment(self) -> Environment:
        """Made when the page is first looked at: most sandboxes never are."""
        environment = Environment(
            loader=PackageLoader("target_contentsquare.sandbox.page"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        environment.filters.update(clock=_clock, iso=_iso, grouped="{:,}".format)
        return environment


def _headers(nonce: str) -> dict[str, str]:
    """Return headers that let nothing run or load but the page's own."""
    policy = (
        f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; "
        "connect-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    )
    return {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
    }


def _clock(at: float) -> str:
    return f"{datetime.fromtimestamp(at, timezone.utc):%H:%M:%S}"


def _iso(at: float) -> str:
    moment = datetime.fromtimestamp(at, timezone.utc).isoformat(timespec="seconds")
    return moment.replace("+00:00", "Z")
