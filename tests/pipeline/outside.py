"""Everything beyond this machine: out of reach, and every attempt is noted."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


@dataclass(frozen=True)
class Outside:
    """A proxy that lets nothing through.

    Attributes:
        asked_for: What was asked of it, as `CONNECT host:port` or `GET url`.
    """

    url: str
    asked_for: list[str] = field(default_factory=list)

    @property
    def as_proxy(self) -> Mapping[str, str]:
        """Environment that makes a process ask here for all but this machine."""
        names = ("http_proxy", "https_proxy", "all_proxy")
        proxies = dict.fromkeys([*names, *map(str.upper, names)], self.url)
        local = dict.fromkeys(["no_proxy", "NO_PROXY"], "127.0.0.1,localhost")
        return {**proxies, **local}


@contextmanager
def watched_outside() -> Iterator[Outside]:
    """Serve on a free port of 127.0.0.1."""

    class Refuse(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            outside.asked_for.append(f"{self.command} {self.path}")
            self.send_error(502)

        do_CONNECT = do_HEAD = do_POST = do_GET  # noqa: N815 - http.server's names

        def log_message(self, *_: object) -> None:
            """Say nothing: what was asked for is in the list."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Refuse) as server:
        outside = Outside(f"http://127.0.0.1:{server.server_port}")
        Thread(target=server.serve_forever, daemon=True).start()
        yield outside
        server.shutdown()
