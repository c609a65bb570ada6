"""What the environment's proxy and certificates can do to a request."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from target_contentsquare.api.enrichments import new_session
from target_contentsquare.api.tokens import TokenClient
from target_contentsquare.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path


def sign_in() -> None:
    client = TokenClient(
        new_session(1, "tests"),
        "https://127.0.0.1:9/token",
        {"client_secret": "hush"},
        timeout=1,
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
