"""A pool of connections, and an environment without proxies."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from target_contentsquare.api.http.attempts import Attempts
from target_contentsquare.api.http.pool import HttpPool

if TYPE_CHECKING:
    from collections.abc import Iterator

TIMEOUT = 5.0


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def attempts() -> Attempts:
    return Attempts(TIMEOUT, time.monotonic)


@pytest.fixture
def pool(attempts: Attempts) -> Iterator[HttpPool]:
    with HttpPool(
        2, "target-contentsquare/test", timeout=TIMEOUT, attempts=attempts
    ) as pool:
        yield pool
