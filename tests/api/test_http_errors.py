"""What the environment's proxy and certificates can do to a request."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from target_contentsquare.api.http_errors import RETRYABLE_STATUSES
from target_contentsquare.api.pool import HttpPool
from target_contentsquare.api.sign_in import TokenClient
from target_contentsquare.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path


def sign_in() -> None:
    client = TokenClient(
        HttpPool(1, "tests", timeout=1),
        "https://contentsquare.invalid/token",
        {"client_secret": "hush"},
        clock=float,
        wall_clock=float,
    )
    client.sign_in(162)


def test_a_missing_certificate_file_is_not_tried_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "none.pem"))
    with pytest.raises(ConfigError, match="certificates can't be read"):
        sign_in()


def test_a_proxy_that_is_none_is_not_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    with pytest.raises(ConfigError, match="the proxy can't be used"):
        sign_in()


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 599])
def test_these_answers_are_tried_again(status: int) -> None:
    assert status in RETRYABLE_STATUSES


@pytest.mark.parametrize("status", [200, 301, 400, 401, 403, 404, 409, 413, 422])
def test_these_are_not(status: int) -> None:
    assert status not in RETRYABLE_STATUSES
