"""Meltano and PostgreSQL, in an environment of their own."""

from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
_VENV = CHECKOUT / ".venv-meltano"


def meltano_environment() -> Path:
    """Return the environment's folder."""
    if not (_VENV / "installed").exists():
        pytest.fail("there is no Meltano: run these tests with `make pipeline`")
    return _VENV
