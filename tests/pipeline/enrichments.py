"""Enrichments as the sandbox holds them, and how they differ from what they should."""

from collections.abc import Mapping
from typing import Any

PROJECT = 162

Enrichments = dict[tuple[int, str, int, int], Mapping[str, Any]]
"""Fields by project, user, session and enrichment number."""


def differences(held: Mapping[Any, Any], expected: Mapping[Any, Any]) -> list[Any]:
    """Give the first few that are not the same: key, what is held, what should be."""
    keys = [key for key in {**expected, **held} if held.get(key) != expected.get(key)]
    return [(key, held.get(key), expected.get(key)) for key in keys[:5]]
