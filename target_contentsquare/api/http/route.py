"""How a URL is reached: through which proxy, and trusting which certificates."""

from __future__ import annotations

import importlib.util
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests
from requests.utils import select_proxy
from urllib3.exceptions import HTTPError

from target_contentsquare.api.http.http_errors import drop_frames
from target_contentsquare.api.safe_url import is_host, is_loopback
from target_contentsquare.errors import ConfigError

if TYPE_CHECKING:
    from requests.adapters import HTTPAdapter
    from urllib3 import HTTPConnectionPool

_SCHEMES = ("http", "https", "socks4", "socks4a", "socks5", "socks5h")


@dataclass(frozen=True, slots=True)
class Route:
    """The connections for a URL, and what their request line names.

    Attributes:
        target: The URL's path or, through a proxy for plain HTTP, the whole URL.
        host: Of the URL, for people.
    """

    pool: HTTPConnectionPool
    target: str
    host: str


def find_route(adapter: HTTPAdapter, url: str) -> Route:
    """Return how a URL is reached.

    Proxies and certificates come from the environment, as always with requests.
    Addresses of this machine are reached without a proxy.

    Raises:
        ConfigError: The environment's proxy or certificates can't be used.
    """
    with requests.Session() as session:
        settings: Any = session.merge_environment_settings(
            url, {}, stream=None, verify=None, cert=None
        )
    proxies = {} if is_loopback(url) else settings["proxies"]
    _check_proxy(select_proxy(url, proxies))
    if url.lower().startswith("https:"):
        _check_certificates(settings["verify"])
    try:
        return _route(adapter, url, proxies, settings["verify"])
    # The HTTP library has no one error for a proxy that it can't use.
    except (HTTPError, OSError, ValueError, TypeError) as error:
        drop_frames(error)
        raise _unusable(f"{type(error).__name__} in the HTTP library") from None


def _route(adapter: Any, url: str, proxies: Any, verify: Any) -> Route:
    request = requests.Request("POST", url).prepare()
    pool = adapter.get_connection_with_tls_context(request, verify, proxies)
    adapter.cert_verify(pool, url, verify, None)
    target = adapter.request_url(request, proxies)
    return Route(pool, target, urlsplit(url).hostname or "")


def _check_proxy(proxy: str | None) -> None:
    """Raise an error that says what is wrong with a proxy's URL, if anything is."""
    if not proxy:
        return
    try:
        parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
        _ = parts.port
    except ValueError:
        raise _unusable(
            "its port is not a number up to 65535; write @, / and : in a password as "
            "%40, %2F and %3A"
        ) from None
    if parts.scheme not in _SCHEMES:
        raise _unusable("its URL does not begin with http://, https:// or socks5://")
    if not parts.hostname:
        raise _unusable("its URL names no host")
    if not is_host(parts.hostname):
        raise _unusable("its host name is not valid")
    if parts.scheme.startswith("socks"):
        _check_socks()


def _check_socks() -> None:
    if importlib.util.find_spec("socks") is None:
        raise ConfigError(
            "a SOCKS proxy needs the Python package PySocks: install it beside "
            "target-contentsquare, or use another proxy"
        )


def _unusable(why: str) -> ConfigError:
    return ConfigError(
        f"the proxy can't be used ({why}): correct HTTPS_PROXY, HTTP_PROXY or "
        "ALL_PROXY in the environment"
    )


def _check_certificates(verify: str | bool) -> None:  # noqa: FBT001 - as requests has it
    """Raise an error if the environment names certificates that can't be read."""
    if isinstance(verify, bool):
        return
    try:
        ssl.create_default_context(cafile=verify)
    except IsADirectoryError:
        return  # a folder of certificates; OpenSSL looks into it when it needs one
    except ssl.SSLError:
        why = "no PEM certificates in it"
    except OSError as error:
        why = error.strerror or type(error).__name__
    else:
        return
    raise ConfigError(
        f"the certificates can't be read ({why}): correct REQUESTS_CA_BUNDLE or "
        "CURL_CA_BUNDLE in the environment"
    )
