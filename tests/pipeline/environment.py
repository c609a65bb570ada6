"""Meltano and PostgreSQL, from the package registry, in an environment of their own."""

import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
_VENV = CHECKOUT / ".venv-meltano"
_REQUIREMENTS = Path(__file__).with_name("requirements.txt")


def install() -> Path:
    """Make the environment if it is missing or out of date, and return its folder."""
    wanted = f"{sys.version}\n{_REQUIREMENTS.read_text(encoding='utf-8')}"
    installed = _VENV / "installed.txt"
    if not installed.exists() or installed.read_text(encoding="utf-8") != wanted:
        _run(sys.executable, "-m", "venv", "--clear", str(_VENV))
        pip = [str(_VENV / "bin" / "python"), "-m", "pip", "install", "--quiet"]
        _run(*pip, "--disable-pip-version-check", "-r", str(_REQUIREMENTS))
        # Written last, so that an interrupted installation is done again.
        installed.write_text(wanted, encoding="utf-8")
    return _VENV


def _run(*command: str) -> None:
    # The command is written above, without input from outside.
    subprocess.run(command, check=True)  # noqa: S603
