"""Connections, proxies and what a request leaves behind in memory."""

from __future__ import annotations

import base64
import gc
import logging
import sys
from typing import TYPE_CHECKING

import pytest

from target_contentsquare.api.enrichments import EnrichmentApi
from target_contentsquare.api.signing_in.tokens import Token
from target_contentsquare.errors import ContentsquareTargetError, RetryableError
from tests.api.rig import OK, RawServer, answer, answers

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from target_contentsquare.api.http.pool import Answer, HttpPool


def post(pool: HttpPool, url: str) -> Answer:
    return pool.post(url, {}, b"{}", what="no answer")


def head_of(request: bytes) -> dict[str, str]:
    lines = request.partition(b"\r\n\r\n")[0].decode().split("\r\n")[1:]
    return {k.lower(): v for k, v in (line.split(": ", 1) for line in lines)}


def test_a_request_says_who_sends_it_and_what(pool: HttpPool) -> None:
    with RawServer(answers(OK)) as server:
        url = f"{server.url}/v1/enrichments"
        assert post(pool, url).status == 200
    (request,) = server.requests
    assert request.startswith(b"POST /v1/enrichments HTTP/1.1\r\n")
    assert request.endswith(b"\r\n\r\n{}")
    head = head_of(request)
    assert head["user-agent"] == "target-contentsquare/test"
    assert head["content-type"] == "application/json"
    assert head["content-length"] == "2"


def test_cookies_are_not_kept(pool: HttpPool) -> None:
    cookie = answer(200, b"", "Set-Cookie: session=1; Path=/")
    with RawServer(answers(cookie)) as server:
        for _ in range(2):
            post(pool, server.url)
    assert server.connections == 1
    assert not [r for r in server.requests if "cookie" in head_of(r)]


def test_plain_http_goes_through_a_proxy_with_the_whole_url(
    pool: HttpPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    with RawServer(answers(OK)) as proxy:
        address = proxy.url.removeprefix("http://")
        monkeypatch.setenv("HTTP_PROXY", f"http://user:word@{address}")
        url = "http://contentsquare.invalid/v1/enrichments"
        assert post(pool, url).status == 200
    (request,) = proxy.requests
    assert request.startswith(f"POST {url} HTTP/1.1\r\n".encode())
    expected = f"Basic {base64.b64encode(b'user:word').decode()}"
    assert head_of(request)["proxy-authorization"] == expected


def test_https_goes_through_a_tunnel_and_the_proxy_does_not_see_the_token(
    pool: HttpPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    with RawServer(answers(answer(502))) as proxy:
        address = proxy.url.removeprefix("http://")
        monkeypatch.setenv("HTTPS_PROXY", f"http://user:word@{address}")
        headers = {"Authorization": "Bearer token"}
        with pytest.raises(ContentsquareTargetError):
            pool.post(
                "https://contentsquare.invalid/", headers, b"{}", what="no answer"
            )
    (request,) = proxy.requests
    assert request.startswith(b"CONNECT contentsquare.invalid:443 ")
    assert b"Bearer" not in request
    assert "proxy-authorization" in head_of(request)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_this_machine_is_reached_without_a_proxy(
    pool: HttpPool, monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    with RawServer(answers(OK)) as server:
        url = server.url.replace("127.0.0.1", host)
        assert post(pool, url).status == 200


def cut(server: RawServer, connection: socket.socket) -> None:
    server.read_request(connection)


def cut_head(server: RawServer, connection: socket.socket) -> None:
    server.read_request(connection)
    connection.sendall(b"HTTP/1.1 2")


def cut_body(server: RawServer, connection: socket.socket) -> None:
    server.read_request(connection)
    connection.sendall(b"HTTP/1.1 500 No\r\nContent-Length: 9\r\n\r\nabc")


@pytest.mark.parametrize("serve", [cut, cut_head, cut_body])
def test_a_cut_connection_keeps_no_row_in_memory(
    pool: HttpPool, serve: Callable[[RawServer, socket.socket], None]
) -> None:
    def send(server: RawServer) -> int:
        """Return how many have hold of the rows after the request."""
        rows = f"[{server.url}]".encode()
        api = EnrichmentApi(
            pool,
            wall_clock=float,
            on_written=lambda: None,
            log=logging.getLogger("test"),
        )
        token = Token("token", server.url, 162, 0, 0)
        with pytest.raises(RetryableError):
            api.send(token, 1, rows)
        return sys.getrefcount(rows)

    gc.disable()
    try:
        with RawServer(serve) as server:
            # More than there is room for in the pool: places are given back.
            held = [send(server) for _ in range(3)]
    finally:
        gc.enable()
    # The variable, and the call that counts.
    assert held == [2, 2, 2]
