"""A server that repeats everything it is sent, everywhere: nothing of it is shown."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING

import pytest

from target_contentsquare.api.enrichments import EnrichmentApi
from target_contentsquare.api.http.foreign_logs import hold_back_foreign_logs
from target_contentsquare.api.signing_in.account import Account, Credentials, Keyring
from target_contentsquare.api.signing_in.sign_in import TokenClient
from target_contentsquare.api.signing_in.tokens import Token
from target_contentsquare.enrichment import Enrichment, encode
from target_contentsquare.errors import ContentsquareTargetError
from tests.api.rig import RawServer

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator

    from target_contentsquare.api.http.pool import HttpPool

MARKERS = ("SECRET_MARKER", "TOKEN_MARKER", "ROW_MARKER")
KEYS = (
    "message",
    "errorMessage",
    "errorCode",
    "error",
    "error_description",
    "access_token",
    "endpoint",
    "expires_in",
    "project_id",
)
STATUSES = [200, 202, 302, 400, 401, 403, 404, 413, 418, 422, 429, 500, 503]


def echo(status: int, *, is_cut: bool) -> Callable[[RawServer, socket.socket], None]:
    """Return what answers with the request in the head and in all keys of the body."""

    def serve(server: RawServer, connection: socket.socket) -> None:
        while request := server.read_request(connection):
            said = request.decode().replace("\r\n", " ")
            body = json.dumps(dict.fromkeys(KEYS, said)).encode()
            head = f"HTTP/1.1 {status} {said}\r\nContent-Length: {len(body)}\r\n"
            head += f"Retry-After: {said}\r\nLocation: {said}\r\nX: {said}\r\n{said}"
            connection.sendall(
                f"{head}\r\n\r\n".encode() + body[: -9 if is_cut else None]
            )
            if is_cut:
                return

    return serve


def told_by(call: Callable[[], object]) -> list[str]:
    """Return the texts of the error that a call raises, if it does."""
    try:
        call()
    except ContentsquareTargetError as error:
        return [str(error), str(getattr(error, "cause", ""))]
    return []


@pytest.fixture
def _quiet() -> Iterator[None]:
    """Hold back foreign logs for one test."""
    names = [
        "urllib3",
        *(n for n in logging.Logger.manager.loggerDict if "urllib3." in n),
    ]
    before = [(logging.getLogger(n), logging.getLogger(n).level) for n in names]
    filters = [list(logger.filters) for logger, _ in before]
    hold_back_foreign_logs()
    yield
    for (logger, level), kept in zip(before, filters, strict=True):
        logger.setLevel(level)
        logger.filters[:] = kept


LEVELS = (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("is_cut", [False, True])
@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.usefixtures("_quiet")
def test_nothing_that_was_sent_is_shown(
    pool: HttpPool,
    status: int,
    caplog: pytest.LogCaptureFixture,
    level: int,
    *,
    is_cut: bool,
) -> None:
    caplog.set_level(level)
    with RawServer(echo(status, is_cut=is_cut)) as server:
        keyring = Keyring(Credentials("client", "SECRET_MARKER"))
        client = TokenClient(
            pool, server.url, keyring, scope="s", clock=float, wall_clock=float
        )
        api = EnrichmentApi(
            pool,
            wall_clock=float,
            on_written=lambda: None,
            log=logging.getLogger("ours"),
        )
        token = Token("TOKEN_MARKER", server.url, 162, 0, 0)
        rows = encode([Enrichment("ROW_MARKER", 5, 1, {"a": "ROW_MARKER"})])
        shown = [
            *told_by(lambda: client.sign_in(Account(162))),
            *told_by(lambda: api.send(token, 1, rows)),
        ]
    printed = "\n".join([*shown, caplog.text])
    assert shown, "at least the sign-in fails"
    assert [marker for marker in MARKERS if marker in printed] == []
