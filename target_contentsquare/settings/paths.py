"""The path that a setting's text names."""

from __future__ import annotations

import os
from pathlib import Path

from target_contentsquare.errors import ConfigError


def path_of(text: str, setting: str) -> Path:
    """Return the path that a text names, in UTF-8 whatever the locale says.

    Python encodes names of files in the encoding of the locale, which is ASCII under
    `LC_ALL=C PYTHONUTF8=0`. Bytes of the command line that were not valid in it come
    as lone surrogates, and become the same bytes again.

    Raises:
        ConfigError: No file can have this name.
    """
    try:
        path = Path(os.fsdecode(text.encode("utf-8", "surrogateescape")))
    except UnicodeEncodeError:
        path = None
    if path is None or "\0" in text:
        raise ConfigError(f"{setting}: has a character that no path can have")
    return path
