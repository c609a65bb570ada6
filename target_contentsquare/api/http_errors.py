"""What the HTTP library raises, in our own words: once, for both endpoints."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from requests import RequestException
from requests.exceptions import (
    InvalidProxyURL,
    InvalidSchema,
    InvalidURL,
    MissingSchema,
)
from urllib3.exceptions import HTTPError

from target_contentsquare.errors import ConfigError, RetryableError

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def own_errors(what: str) -> Iterator[None]:
    """Translate the errors of a request.

    Only the kind of error is told: its text may hold a URL with a proxy's password.

    Args:
        what: What a failure of the network means.

    Raises:
        RetryableError: The network, or the server, is in trouble.
        ConfigError: The environment's proxy or certificates can't be used.
    """
    try:
        yield
    except (InvalidProxyURL, InvalidSchema, InvalidURL, MissingSchema) as error:
        raise ConfigError(
            f"the proxy can't be used ({type(error).__name__}): correct HTTPS_PROXY, "
            "HTTP_PROXY or ALL_PROXY in the environment"
        ) from None
    except (RequestException, HTTPError) as error:
        raise RetryableError(f"{what} ({type(error).__name__})") from None
    except OSError:
        raise ConfigError(
            "the certificates can't be read: correct REQUESTS_CA_BUNDLE or "
            "CURL_CA_BUNDLE in the environment"
        ) from None
