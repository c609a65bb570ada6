"""How messages name several things."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def quoted(names: Iterable[str]) -> str:
    """Return names in quotes, separated by commas, or `none` if there are none."""
    return ", ".join(f"'{name}'" for name in names) or "none"
