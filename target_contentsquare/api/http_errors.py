"""What the HTTP library raises and servers answer, as errors of our own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from requests.exceptions import (
    InvalidProxyURL,
    InvalidSchema,
    InvalidURL,
    MissingSchema,
)
from urllib3.exceptions import HTTPError

from target_contentsquare.api.retry_after import parse_retry_after
from target_contentsquare.errors import (
    ConfigError,
    ContentsquareTargetError,
    RetryableError,
)

if TYPE_CHECKING:
    from target_contentsquare.api.pool import Answer

#: What `HttpPool.post` has to translate. OSError is how a bundle of certificates that
#: can't be read is told.
FOREIGN_ERRORS = (HTTPError, OSError)

#: Answers that a later attempt may turn into a success; 401 has a cure of its own.
RETRYABLE_STATUSES = frozenset({408, 425, 429, *range(500, 600)})


def own_error(error: Exception, what: str) -> ContentsquareTargetError:
    """Return the error of ours that stands for one of the HTTP library.

    Only the type of the foreign error is told: its text may hold a URL with the
    password of a proxy. Its frames are let go.

    Args:
        error: One of `FOREIGN_ERRORS`.
        what: What a failure of the network means, such as "no answer".
    """
    drop_frames(error)
    name = type(error).__name__
    if isinstance(error, (InvalidProxyURL, InvalidSchema, InvalidURL, MissingSchema)):
        return ConfigError(
            f"the proxy can't be used ({name}): correct HTTPS_PROXY, "
            "HTTP_PROXY or ALL_PROXY in the environment"
        )
    if isinstance(error, OSError) and not isinstance(error, HTTPError):
        return ConfigError(
            "the certificates can't be read: correct REQUESTS_CA_BUNDLE or "
            "CURL_CA_BUNDLE in the environment"
        )
    return RetryableError(f"{what} ({name})")


def trouble_in(answer: Answer, who: str, now: float) -> RetryableError | None:
    """Return the error for an answer that a later attempt may turn into a success.

    Args:
        who: Whose answer it is, as the message names it.
        now: Unix seconds, to count a `Retry-After` that holds a date from.
    """
    if answer.status not in RETRYABLE_STATUSES:
        return None
    wait = parse_retry_after(answer.headers.get("Retry-After"), now)
    return RetryableError(f"{who} answered HTTP {answer.status}", wait)


def drop_frames(error: BaseException) -> None:
    """Let go of the frames that an error came through, and of those before it.

    The frames hold a batch with all its rows and, inside the HTTP library, the errors
    themselves: a reference cycle, which would stay in memory until the next full
    garbage collection. Measured with cut connections: 88 MB with the frames, 54 MB
    without.
    """
    waiting: list[object] = [error]
    seen: set[int] = set()
    while waiting:
        found = waiting.pop()
        if isinstance(found, BaseException) and id(found) not in seen:
            seen.add(id(found))
            found.__traceback__ = None
            # The HTTP library keeps the error before in one of the last two.
            waiting += [found.__context__, found.__cause__, *found.args]
            waiting.append(getattr(found, "reason", None))
