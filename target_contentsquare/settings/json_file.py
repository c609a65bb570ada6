"""Reading a JSON file that a user has written."""

from __future__ import annotations

import json
from typing import Any

from target_contentsquare.errors import ConfigError
from target_contentsquare.settings.paths import path_of


def read_json_file(path: str, setting: str) -> Any:
    """Return what a JSON file holds; reads it once, since it may be a pipe.

    UTF-8, UTF-16 and UTF-32 are told apart as RFC 8259 and its predecessors say, and
    a byte order mark, which editors on Windows write, is passed over.

    Args:
        path: Where the file is.
        setting: What names the file, for the error.

    Raises:
        ConfigError: Names the setting and the file, and says what is wrong.
    """
    try:
        return json.loads(path_of(path, setting).read_bytes())
    except OSError as error:
        raise ConfigError(
            f"{setting} '{path}': can't be read: {error.strerror}"
        ) from None
    except json.JSONDecodeError as error:
        raise ConfigError(
            f"{setting} '{path}': not valid JSON, see line {error.lineno}, column "
            f"{error.colno}"
        ) from None
    except (ValueError, RecursionError):
        raise ConfigError(f"{setting} '{path}': not a JSON file") from None
