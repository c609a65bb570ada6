"""`GET /`: the page that shows what Contentsquare would have received."""

import secrets
from datetime import datetime, timezone
from functools import cached_property

from aiohttp import web
from jinja2 import Environment, PackageLoader, StrictUndefined

from target_contentsquare.sandbox.contentsquare import Contentsquare
from target_contentsquare.sandbox.page.batch_view import batch_view
from target_contentsquare.sandbox.page.buttons import FAULTS
from target_contentsquare.sandbox.page.example import example
from target_contentsquare.sandbox.page.page_view import page_view


class Page:
    """Renders the page on the server; the script only fetches its parts again."""

    def __init__(self, contentsquare: Contentsquare) -> None:
        """Show what this Contentsquare received."""
        self._contentsquare = contentsquare

    async def get(self, request: web.Request) -> web.Response:
        """Return the page; `?user=` shows only users whose id contains this text."""
        return self._received("page.html", request)

    async def get_received(self, request: web.Request) -> web.Response:
        """Return the part of the page that changes.

        It has no style and no script: their nonce would differ from the page's.
        """
        return self._received("received.html", request)

    async def get_batch(self, request: web.Request) -> web.Response:
        """Return the page of a batch, by the number of its request."""
        number = int(request.match_info["number"])
        url = f"{_base_url(request)}/v1/enrichments"
        batch = batch_view(self._contentsquare.received, number, url)
        status = 404 if batch is None else 200
        return self._rendered("batch.html", status, batch=batch, number=number)

    def _received(self, template: str, request: web.Request) -> web.Response:
        contentsquare, options = self._contentsquare, self._contentsquare.options
        auth_url = f"{_base_url(request)}/v1/oauth/token"
        return self._rendered(
            template,
            200,
            view=page_view(contentsquare, request.query.get("user", "").strip()),
            options=options,
            limits=contentsquare.limiter.limits,
            example=example(options, auth_url),
            faults=FAULTS,
        )

    def _rendered(self, template: str, status: int, **values: object) -> web.Response:
        nonce = secrets.token_urlsafe(16)
        html = self._environment.get_template(template).render(nonce=nonce, **values)
        # Half a surrogate pair, which JSON can hold and UTF-8 can't.
        body = html.encode("utf-8", "replace")
        return web.Response(
            status=status,
            body=body,
            content_type="text/html",
            charset="utf-8",
            headers=_headers(nonce),
        )

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


def _base_url(request: web.Request) -> str:
    return f"{request.scheme}://{request.host}"


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
        "Referrer-Policy": "same-origin",
        "Cache-Control": "no-store",
    }


def _clock(at: float) -> str:
    return f"{datetime.fromtimestamp(at, timezone.utc):%H:%M:%S}"


def _iso(at: float) -> str:
    moment = datetime.fromtimestamp(at, timezone.utc).isoformat(timespec="seconds")
    return moment.replace("+00:00", "Z")
