"""The settings of the Singer target: the core's, and its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from target_contentsquare.errors import ConfigError
from target_contentsquare.settings.check import check
from target_contentsquare.settings.declared import SETTINGS
from target_contentsquare.settings.schema import config_schema
from target_contentsquare.settings.setting import Setting
from target_contentsquare.singer.options.stream_maps_setting import stream_maps_faults

if TYPE_CHECKING:
    from collections.abc import Mapping

    from target_contentsquare.settings.settings import Settings

_BATCH_STORAGE = Setting(
    "storage",
    ("object",),
    title="Batch storage",
    description="Where the files of BATCH messages are read from",
    keys=(
        Setting(
            "root",
            ("string",),
            title="Batch storage root",
            description="Folder or URL to read the files from, instead of where the "
            "tap says they are",
        ),
        Setting(
            "params",
            ("object",),
            title="Batch storage parameters",
            description="Parameters for fsspec, such as credentials",
        ),
    ),
    takes_other_keys=True,
)

#: Settings of the SDK in our words: its own schema of `stream_maps` is not valid.
HOST_SETTINGS = (
    Setting(
        "validate_records",
        ("boolean",),
        title="Validate records",
        description="Also check every whole row against the stream's JSON schema. Off "
        "by default, since every value that is sent is checked anyway",
        default=False,
    ),
    Setting(
        "batch_config",
        ("object",),
        title="Batch configuration",
        description="For taps that write BATCH messages: files of JSON lines, plain or "
        "gzip",
        keys=(_BATCH_STORAGE,),
        takes_other_keys=True,
    ),
    Setting(
        "stream_maps",
        ("object",),
        title="Stream Maps",
        description="Expressions, constants, filters and renames, for each stream: see "
        "[Stream Maps](https://sdk.meltano.com/en/latest/stream_maps.html)",
    ),
)


def host_schema() -> dict[str, Any]:
    """Return the JSON schema of a config; the SDK adds what is left of its own."""
    return config_schema((*SETTINGS, *HOST_SETTINGS))


def check_config(config: Mapping[str, Any], schema: Mapping[str, Any]) -> Settings:
    """Return the settings that a config holds.

    Args:
        config: As it was given.
        schema: From `host_schema`, with what the SDK adds.

    Raises:
        ConfigError: Its `faults` are those of the core's settings and of this host's.
    """
    faults = tuple(stream_maps_faults(config.get("stream_maps")))
    try:
        settings = check(config, schema)
    except ConfigError as error:
        raise ConfigError(*error.faults, *faults) from None
    if faults:
        raise ConfigError(*faults)
    return settings
