"""A proxy that refuses every request to another machine, and records it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


@dataclass(frozen=True)
class BlockedNetwork:
    """A proxy that refuses all requests.

    Attributes:
        requests: What it refused, as `CONNECT host:port` or `GET url`.
    """

    url: str
    requests: list[str] = field(default_factory=list)

    @property
    def as_proxy(self) -> Mapping[str, str]:
        """Variables that send all requests here, but those to localhost."""
        names = ("http_proxy", "https_proxy", "all_proxy")
        proxies = dict.fromkeys([*names, *map(str.upper, names)], self.url)
        local = dict.fromkeys(["no_proxy", "NO_PROXY"], "127.0.0.1,localhost")
        return {**proxies, **local}


@contextmanager
def blocked_network() -> Iterator[BlockedNetwork]:
    """Run the proxy on a free port of 127.0.0.1."""

    class Refuse(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            network.requests.append(f"{self.command} {self.path}")
            self.send_error(502)

        do_CONNECT = do_HEAD = do_POST = do_GET  # noqa: N815 - http.server's names

        def log_message(self, *_: object) -> None:
            """Log nothing, since the requests are in the list."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Refuse) as server:
        network = BlockedNetwork(f"http://127.0.0.1:{server.server_port}")
        Thread(target=server.serve_forever, daemon=True).start()
        yield network
        server.shutdown()
