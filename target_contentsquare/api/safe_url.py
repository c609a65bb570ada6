"""Which URLs a secret or a token may be sent to."""

from __future__ import annotations

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

_URL_TEXT = re.compile(r"[\x21-\x7e]+")
_HOST = re.compile(r"[\w.:-]+", re.ASCII)
_LONGEST_LABEL = 63  # RFC 1035, 2.3.4


def is_safe_url(url: str, auth_url: str | None = None) -> bool:
    """Return whether a secret or a token may be sent to a URL.

    HTTPS is safe. Plain HTTP is safe on this machine only and, for an endpoint, only
    if `auth_url`, which names the endpoint, is on this machine too.
    """
    if not _URL_TEXT.fullmatch(url):
        return False
    try:
        parts = urlsplit(url)
        host = parts.hostname
        _ = parts.port  # raises if it is not a number
    except ValueError:
        return False
    if (
        not is_host(host or "")
        or parts.username is not None
        or parts.query
        or parts.fragment
    ):
        return False
    if parts.scheme == "https":
        return True
    return (
        parts.scheme == "http"
        and is_loopback(url)
        and (auth_url is None or is_loopback(auth_url))
    )


def is_host(host: str) -> bool:
    """Return whether a text can be the name or the address of a host."""
    if not _HOST.fullmatch(host):
        return False
    labels = host.removesuffix(".").split(".")
    return ":" in host or all(0 < len(label) <= _LONGEST_LABEL for label in labels)


def is_loopback(url: str) -> bool:
    """Return whether the host of a URL is this machine."""
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
