"""Compare the enrichments of the sandbox with the expected ones."""

from collections.abc import Mapping
from typing import Any

PROJECT = 162

Enrichments = dict[tuple[int, str, int, int], Mapping[str, Any]]
"""Fields by project, user, session and enrichment number."""


def differences(held: Mapping[Any, Any], expected: Mapping[Any, Any]) -> list[Any]:
    """Return the first five differences, each as key, held fields, expected fields."""
    keys = [key for key in {**expected, **held} if held.get(key) != expected.get(key)]
    return [(key, held.get(key), expected.get(key)) for key in keys[:5]]
