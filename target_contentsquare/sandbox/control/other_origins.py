"""Pages of other origins may not control the sandbox."""

from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def refuse_other_origins(
    request: web.Request, handler: Handler
) -> web.StreamResponse:
    """Answer 403 to a POST under `/_sandbox/` that a page of another origin sends.

    A browser sends such a form without asking. Scripts send neither of the two
    headers and are let through.
    """
    controls = request.method == "POST" and request.path.startswith("/_sandbox/")
    if controls and _is_from_elsewhere(request):
        message = "pages of other origins may not control the sandbox"
        return web.json_response({"message": message}, status=403)
    return await handler(request)


def _is_from_elsewhere(request: web.Request) -> bool:
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin")
    if site is not None and site not in {"same-origin", "none"}:
        return True
    return origin is not None and urlsplit(origin).netloc != request.host
