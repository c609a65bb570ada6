"""The HTTP server: which path is answered by what, listening and stopping."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from aiohttp import web

from target_contentsquare.sandbox.batches.enrichments_endpoint import (
    EnrichmentsEndpoint,
)
from target_contentsquare.sandbox.contentsquare import Contentsquare
from target_contentsquare.sandbox.control.control import Control
from target_contentsquare.sandbox.control.other_origins import refuse_other_origins
from target_contentsquare.sandbox.page.buttons import Buttons
from target_contentsquare.sandbox.page.page import Page
from target_contentsquare.sandbox.tokens.token_endpoint import TokenEndpoint

MAX_BODY_BYTES: Final = 16 * 1024 * 1024
# Requests that are still handled are cut off, so that stopping takes no time.
SHUTDOWN_SECONDS: Final = 0.05


def application(contentsquare: Contentsquare) -> web.Application:
    """Return the application: the API, the control paths and the page."""
    app = web.Application(
        client_max_size=MAX_BODY_BYTES, middlewares=[refuse_other_origins]
    )
    app.router.add_post("/v1/oauth/token", TokenEndpoint(contentsquare).post)
    app.router.add_post("/v1/enrichments", EnrichmentsEndpoint(contentsquare).post)
    page = Page(contentsquare)
    app.router.add_get("/batches/{number:[0-9]+}", page.get_batch)
    app.router.add_get("/", page.get)
    app.router.add_get("/_sandbox/received", page.get_received)
    app.router.add_routes(Buttons(contentsquare).routes())
    app.router.add_routes(Control(contentsquare).routes())
    return app


@asynccontextmanager
async def listening(
    contentsquare: Contentsquare, host: str, port: int
) -> AsyncIterator[int]:
    """Serve while the context lasts; yield the port, a free one for port 0.

    Raises:
        OSError: the address can't be listened on.
    """
    runner = web.AppRunner(
        application(contentsquare),
        access_log=None,
        shutdown_timeout=SHUTDOWN_SECONDS,
    )
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()
