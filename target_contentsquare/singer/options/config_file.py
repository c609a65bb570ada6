"""Reading the files that `--config` names."""

from __future__ import annotations

from typing import Any

from target_contentsquare.errors import ConfigError
from target_contentsquare.settings.reading.json_object import read_json_object


def read_config_file(path: str) -> dict[str, Any]:
    """Return the settings in a config file; reads it once, since it may be a pipe.

    Raises:
        ConfigError: Names the file, and says what is wrong with it. What seems to be
            a config instead of a path is not repeated: it may hold a secret.
    """
    if path.lstrip().startswith(("{", "[", '"')):
        raise ConfigError(
            "--config: must be the path of a JSON file, or ENV, and not JSON itself"
        )
    return read_json_object(path, "--config")
