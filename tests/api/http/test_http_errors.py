"""What only the user can cure is told at once; all else is to be tried again."""

from __future__ import annotations

import socket
import ssl
import subprocess
from typing import TYPE_CHECKING

import pytest

from target_contentsquare.api.http.http_errors import RETRYABLE_STATUSES
from target_contentsquare.errors import ConfigError, RetryableError
from tests.api.rig import OK, RawServer, answer, answers

if TYPE_CHECKING:
    from pathlib import Path

    from target_contentsquare.api.http.pool import HttpPool

URL = "https://contentsquare.invalid/v1/oauth/token"
PASSWORD = "hush-7f3a"  # noqa: S105 - the test's own


def post(pool: HttpPool, url: str = URL) -> None:
    pool.post(url, {}, b"{}", what="no answer")


@pytest.mark.parametrize(
    ("content", "words"),
    [(None, "No such file or directory"), ("hello", "no PEM certificates in it")],
)
def test_certificates_that_can_not_be_read(
    pool: HttpPool,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    content: str | None,
    words: str,
) -> None:
    bundle = tmp_path / "bundle.pem"
    if content is not None:
        bundle.write_text(content)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))
    with pytest.raises(ConfigError, match=words) as failed:
        post(pool)
    assert "correct REQUESTS_CA_BUNDLE" in str(failed.value)


@pytest.mark.parametrize(
    ("proxy", "words"),
    [
        ("http://", "names no host"),
        (f"http://user:{PASSWORD}@", "names no host"),
        ("https://.example.com", "host name is not valid"),
        (f"http://{'a' * 64}.example.com", "host name is not valid"),
        (f"http://user:{PASSWORD}@exa mple.com", "host name is not valid"),
        ("http://127.0.0.1:99999", "port is not a number up to 65535"),
        (f"http://user:{PASSWORD}/x@127.0.0.1:1", "write @, / and : in a password"),
        ("http://[", "port is not a number"),
        (f"ftp://user:{PASSWORD}@127.0.0.1", "does not begin with http://"),
        (f"http://user:{PASSWORD}€@127.0.0.1:1", "UnicodeEncodeError"),
    ],
)
def test_a_proxy_that_can_not_be_used(
    pool: HttpPool, monkeypatch: pytest.MonkeyPatch, proxy: str, words: str
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    with pytest.raises(ConfigError, match="the proxy can't be used") as failed:
        post(pool)
    assert words in str(failed.value)
    assert "correct HTTPS_PROXY" in str(failed.value)
    assert PASSWORD not in str(failed.value)


def test_a_socks_proxy_needs_its_package(
    pool: HttpPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"socks5://user:{PASSWORD}@127.0.0.1:1")
    with pytest.raises(ConfigError, match="PySocks") as failed:
        post(pool)
    assert PASSWORD not in str(failed.value)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (407, "wants a user and a password, or other ones"),
        (403, "does not let this machine connect"),
    ],
)
def test_a_proxy_that_refuses_is_asked_once(
    pool: HttpPool, monkeypatch: pytest.MonkeyPatch, status: int, words: str
) -> None:
    with RawServer(answers(answer(status))) as proxy:
        address = proxy.url.removeprefix("http://")
        monkeypatch.setenv("HTTPS_PROXY", f"http://user:{PASSWORD}@{address}")
        with pytest.raises(ConfigError, match=words) as failed:
            post(pool)
    assert PASSWORD not in str(failed.value)
    assert len(proxy.requests) == 1


def test_a_proxy_in_trouble_is_tried_again(
    pool: HttpPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    with RawServer(answers(answer(502))) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        with pytest.raises(RetryableError, match="the proxy answered HTTP 502"):
            post(pool)


def test_a_proxy_that_speaks_no_tls(
    pool: HttpPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def serve(_: RawServer, connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(answer(400))

    with RawServer(serve) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url.replace("http:", "https:"))
        with pytest.raises(ConfigError, match="speaks no TLS"):
            post(pool)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for `localhost`, signed by nobody else, with its key."""
    path = tmp_path_factory.mktemp("tls") / "certificate.pem"
    made = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
    made += " -subj /CN=localhost -addext subjectAltName=DNS:localhost -days 2"
    command = [*made.split(), "-keyout", f"{path}.key", "-out", str(path)]
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - our own
    return path


def tls_server(certificate: Path) -> RawServer:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, f"{certificate}.key")

    def serve(server: RawServer, connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secured:
            answers(OK)(server, secured)

    return RawServer(serve)


def test_a_certificate_that_can_not_be_verified(
    pool: HttpPool, certificate: Path
) -> None:
    with tls_server(certificate) as server:
        url = server.url.replace("http://127.0.0.1", "https://localhost")
        with pytest.raises(ConfigError, match="self-signed certificate") as failed:
            post(pool, url)
    assert "the certificate of localhost can't be verified" in str(failed.value)
    assert "REQUESTS_CA_BUNDLE" in str(failed.value)


def test_a_certificate_for_another_host(
    pool: HttpPool, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    with tls_server(certificate) as server:
        url = server.url.replace("http:", "https:")
        with pytest.raises(ConfigError, match=r"not valid for '127\.0\.0\.1'"):
            post(pool, url)


def test_certificates_of_a_company_are_trusted_when_the_environment_says_so(
    pool: HttpPool, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    with tls_server(certificate) as server:
        url = server.url.replace("http://127.0.0.1", "https://localhost")
        for _ in range(2):
            post(pool, url)
    assert server.connections == 1


def refused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


def test_causes_are_told_in_words(pool: HttpPool) -> None:
    def garbage(server: RawServer, connection: socket.socket) -> None:
        server.read_request(connection)
        connection.sendall(b"hello\r\n\r\n")

    with RawServer(garbage) as odd, RawServer(lambda *_: None) as closing:
        for url, cause in (
            (f"http://127.0.0.1:{refused_port()}/", "refuses connections"),
            (URL, "host name not found"),
            (closing.url, "closed the connection"),
            (odd.url, "closed the connection or answered what is not HTTP"),
        ):
            with pytest.raises(RetryableError) as failed:
                post(pool, url)
            assert failed.value.cause == cause
            assert str(failed.value) == f"no answer ({cause})"
            assert failed.value.host in {"127.0.0.1", "contentsquare.invalid"}
            assert not failed.value.is_throttling


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 599])
def test_these_answers_are_tried_again(status: int) -> None:
    assert status in RETRYABLE_STATUSES


@pytest.mark.parametrize("status", [200, 301, 400, 401, 403, 404, 413, 422])
def test_these_are_not(status: int) -> None:
    assert status not in RETRYABLE_STATUSES
