"""Settings from environment variables."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from dotenv import dotenv_values, find_dotenv

from target_contentsquare.errors import ConfigError
from target_contentsquare.settings.reading.from_text import config_from_text

if TYPE_CHECKING:
    from collections.abc import Mapping


def read_environment(schema: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """Return the settings in environment variables; `.env` has what they lack.

    The file is looked for in the working directory and above it.

    Returns:
        The settings, with those that the schema does not know as text.

    Raises:
        ConfigError: Names the variables, or the file, and says what is wrong.
    """
    texts = texts_of_settings({**_read_dotenv(), **os.environ}, prefix)
    return config_from_text(
        texts, schema, lambda name: f"environment variable {prefix}{name.upper()}"
    )


def texts_of_settings(variables: Mapping[str, str], prefix: str) -> dict[str, str]:
    """Return setting -> text, of the variables whose names begin with the prefix."""
    return {
        variable.removeprefix(prefix).lower(): text
        for variable, text in variables.items()
        if _names_a_setting(variable, prefix)
    }


def _read_dotenv() -> dict[str, str]:
    path = find_dotenv(usecwd=True)
    try:
        values = dotenv_values(path, encoding="utf-8-sig") if path else {}
    except OSError as error:
        raise ConfigError(f"'{path}': can't be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"'{path}': not UTF-8: save it in that encoding") from None
    return {name: text for name, text in values.items() if text is not None}


def _names_a_setting(variable: str, prefix: str) -> bool:
    name = variable.removeprefix(prefix)
    # Meltano's own begin with one underscore more; the SDK reads the log level.
    return name not in {variable, "LOGLEVEL"} and name.isupper() and name[0] != "_"
