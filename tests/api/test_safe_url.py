"""Where a secret or a token may go."""

import pytest

from target_contentsquare.api.safe_url import is_safe_url

LOCAL = "http://127.0.0.1:8750/v1/oauth/token"
PRODUCTION = "https://api.contentsquare.com/v1/oauth/token"


@pytest.mark.parametrize(
    ("url", "auth_url", "is_safe"),
    [
        ("https://enrichment-api.eu.contentsquare.com", PRODUCTION, True),
        ("https://enrichment-api.eu.contentsquare.com:8443/base", PRODUCTION, True),
        ("HTTPS://ENRICHMENT.EXAMPLE", PRODUCTION, True),
        ("http://127.0.0.1:8750", LOCAL, True),
        ("http://localhost:8750", LOCAL, True),
        ("http://[::1]:8750", LOCAL, True),
        ("http://127.7.7.7", LOCAL, True),
        ("http://127.0.0.1:8750", PRODUCTION, False),
        ("http://enrichment-api.eu.contentsquare.com", PRODUCTION, False),
        ("http://enrichment-api.eu.contentsquare.com", LOCAL, False),
        ("http://127.0.0.1.example.com", LOCAL, False),
        ("http://localhost.example.com", LOCAL, False),
        ("http://127.0.0.1@example.com", LOCAL, False),
        ("http://0.0.0.0", LOCAL, False),
        ("http://2130706433", LOCAL, False),
        ("https://user:password@example.com", PRODUCTION, False),
        ("https://example.com?x=1", PRODUCTION, False),
        ("https://example.com#x", PRODUCTION, False),
        ("https://example.com:port", PRODUCTION, False),
        ("https://", PRODUCTION, False),
        ("https:example.com", PRODUCTION, False),
        ("//example.com", PRODUCTION, False),
        ("ftp://127.0.0.1", LOCAL, False),
        ("file:///etc/hosts", LOCAL, False),
        ("", LOCAL, False),
        ("https://[::1", PRODUCTION, False),
        ("https://two words.com", PRODUCTION, False),
        ("https://exa\tmple.com", PRODUCTION, False),
        ("https://*.example.com", PRODUCTION, False),
    ],
)
def test_where_a_token_may_go(url: str, auth_url: str, *, is_safe: bool) -> None:
    assert is_safe_url(url, auth_url) is is_safe
