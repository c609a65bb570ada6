"""How this host names itself to Contentsquare."""

from __future__ import annotations

import contextlib
from importlib.metadata import PackageNotFoundError, version

_DISTRIBUTIONS = ("contentsquare-spark", "target-contentsquare")


def user_agent() -> str:
    """Return the name and version for the HTTP header."""
    for distribution in _DISTRIBUTIONS:
        with contextlib.suppress(PackageNotFoundError):
            return f"contentsquare-spark/{version(distribution)}"
    return "contentsquare-spark"
