"""Reading a JSON object from a file that a user has written."""

from __future__ import annotations

import json
from typing import Any

from target_contentsquare.errors import ConfigError
from target_contentsquare.settings.paths import path_of


def read_json_object(path: str, setting: str) -> dict[str, Any]:
    """Return the JSON object in a file; reads it once, since it may be a pipe.

    The file may have a byte order mark and be UTF-16, as editors on Windows write it.

    Args:
        path: Where the file is.
        setting: The setting or option that names the file, for the error.

    Raises:
        ConfigError: Names the setting and the file, and says what is wrong.
    """
    file = f"{setting} '{path}'"
    try:
        document = json.loads(path_of(path, setting).read_bytes())
    except OSError as error:
        raise ConfigError(f"{file}: can't be read: {error.strerror}") from None
    except json.JSONDecodeError as error:
        raise ConfigError(
            f"{file}: not valid JSON, see line {error.lineno}, column {error.colno}"
        ) from None
    except UnicodeDecodeError:
        raise ConfigError(f"{file}: not UTF-8: save it in that encoding") from None
    except (ValueError, RecursionError):  # thousands of digits, or of levels
        document = None
    if not isinstance(document, dict):
        raise ConfigError(f"{file}: not a JSON object")
    return document
