"""`GET /`: the page that shows what Contentsquare would have received."""

import secrets
from datetime import datetime, timezone
from functools import cached_property

from aiohttp import web
from jinja2 import Environment, PackageLoader, StrictUndefined

from target_contentsquare.sandbox.contentsquare import Contentsquare
from target_contentsquare.sandbox.page.page_view import page_view


class Page:
    """Renders the page on the server; the script only fetches its parts again."""

    def __init__(self, contentsquare: Contentsquare) -> None:
        """Show what this Contentsquare received."""
        self._contentsquare = contentsquare

    async def get(self, request: web.Request) -> web.Response:
        """Return the page; `?user=` shows only users whose id contains this text."""
        return self._rendered("page.html", request)

    async def get_received(self, request: web.Request) -> web.Response:
        """Return the part of the page that changes.

        It has no style and no script: their nonce would differ from the page's.
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
        """Return the templates, loaded when first needed: most tests open no page."""
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
    """Return headers that allow only the page's own script and style."""
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
