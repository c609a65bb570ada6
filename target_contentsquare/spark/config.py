"""The settings of a job: from a config file, the environment, keywords or options."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from target_contentsquare.errors import ConfigError
from target_contentsquare.mapping.wording import quoted
from target_contentsquare.report.shown_settings import shown_settings
from target_contentsquare.settings.check import check
from target_contentsquare.settings.declared import SETTINGS
from target_contentsquare.settings.fault_words import similar, unknown_settings
from target_contentsquare.settings.mapping_keys import MAPPING_KEYS
from target_contentsquare.settings.reading.from_text import config_from_text
from target_contentsquare.settings.reading.json_object import read_json_object
from target_contentsquare.settings.schema import config_schema
from target_contentsquare.settings.setting import Setting
from target_contentsquare.spark.wording import LOG, in_spark_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from target_contentsquare.mapping.stream_mapping import StreamMapping
    from target_contentsquare.settings.settings import Settings

_PREFIX = "TARGET_CONTENTSQUARE_"
#: The name of the mapping where no config file gives one.
_STREAM = "rows"
# Each task would have a file of its own.
_OF_ONE_PROCESS = ("memory_path", "retry_rejected")

_SPARK_SETTINGS = (
    Setting(
        "config",
        ("string", "object"),
        title="Config",
        description="The target's config: the path of its JSON file on the driver",
    ),
    Setting(
        "stream",
        ("string",),
        title="Stream",
        description="Which entry of the config's streams is the mapping. Needed where "
        "it has several",
    ),
    Setting(
        "report_path",
        ("string",),
        title="Report",
        description="File that the driver writes a report of the job to: JSON, or a "
        "page if it ends in .html",
    ),
)


@dataclass(frozen=True, slots=True)
class JobConfig:
    """A job's settings, checked.

    Attributes:
        settings: The core's, with one mapping.
        stream: The name of that mapping.
        rejected_path: Where the driver writes rejected rows: anything that fsspec
            opens.
        report_path: Where it writes a report.
        is_stream: It is one micro-batch, which may be small and bad without harm.
        shown: The settings as a report shows them: without secrets.
    """

    settings: Settings
    stream: str
    rejected_path: str | None = None
    report_path: str | None = None
    is_stream: bool = False
    shown: Mapping[str, Any] = field(default_factory=dict)

    @property
    def mapping(self) -> StreamMapping:
        """How the rows become enrichments."""
        return self.settings.streams[self.stream]


def read_options(texts: Mapping[str, str], **defaults: Any) -> JobConfig:
    """Return the settings that a format's options hold; see `read_config`."""
    _refuse_unknown(texts)
    given = config_from_text(
        texts, {"properties": _properties()}, lambda name: f"option '{name}'"
    )
    return read_config(given, **defaults)


def read_config(given: Mapping[str, Any], **defaults: Any) -> JobConfig:
    """Return a job's settings.

    What the environment of the driver has is used where nothing else is said; `given`
    wins over the config file that it names.

    Args:
        given: Settings of the target, keys of a mapping, and Spark's own.
        defaults: Settings whose defaults are others here.

    Raises:
        ConfigError: Its `faults` name the setting each, and say what is allowed.
    """
    given = {name: value for name, value in given.items() if value is not None}
    _refuse_unknown(given)
    file = _read_file(given.pop("config", None))
    stream, mapping = _mapping_of(file, given)
    mapping |= {key: given.pop(key) for key in _keys() if key in given}
    merged = {
        **defaults,
        **_environment(),
        **file,
        **given,
        "streams": {stream: mapping},
    }
    merged.pop("stream", None)
    try:
        settings = check(merged, config_schema(SETTINGS))
    except ConfigError as error:
        raise ConfigError(*map(in_spark_words, error.faults)) from None
    for warning in settings.warnings:
        LOG.warning("%s", warning)
    return JobConfig(
        replace(settings, rejected_path=None),
        stream,
        merged.get("rejected_path"),
        merged.get("report_path"),
        shown=shown_settings(merged, config_schema(SETTINGS)),
    )


def _properties() -> dict[str, Any]:
    """Return the JSON schema of every setting; mapping keys are settings as well."""
    declared = (*SETTINGS, *_SPARK_SETTINGS, *MAPPING_KEYS)
    properties: dict[str, Any] = config_schema(declared)["properties"]
    return {k: v for k, v in properties.items() if k not in _OF_ONE_PROCESS}


def _keys() -> Iterable[str]:
    return [key.name for key in MAPPING_KEYS]


def _refuse_unknown(given: Iterable[str]) -> None:
    known = _properties()
    faults = [
        f"there is no setting '{name}'{similar(name, known, 'did you mean')}"
        for name in given
        if name not in known
    ]
    if faults:
        raise ConfigError(*faults)


def _read_file(config: Any) -> dict[str, Any]:
    if config is None:
        return {}
    content = read_json_object(config, "config") if isinstance(config, str) else config
    if not isinstance(content, dict):
        raise ConfigError("config: must be the path of a JSON file, or a dict")
    if alone := [name for name in _OF_ONE_PROCESS if content.get(name)]:
        msg = f"config: {quoted(alone)} can't be used on Spark, where many tasks send"
        raise ConfigError(f"{msg}: leave it out")
    for warning in unknown_settings(content, _properties()):
        LOG.warning("config: %s", warning)
    return dict(content)


def _mapping_of(
    file: Mapping[str, Any], given: dict[str, Any]
) -> tuple[str, dict[str, Any]]:
    """Return the name of the mapping to use, and what the file says of it."""
    streams = given.pop("streams", None) or file.get("streams") or {}
    if not isinstance(streams, dict):
        raise ConfigError("streams: must be object")
    name = given.pop("stream", None) or file.get("stream")
    if name is None:
        if len(streams) > 1:
            raise ConfigError(f"stream: say which of {quoted(streams)} is the mapping")
        name = next(iter(streams), _STREAM)
    elif streams and name not in streams:
        raise ConfigError(f"stream: there is no '{name}' in streams: {quoted(streams)}")
    entry = streams.get(name) or {}
    if not isinstance(entry, dict):
        raise ConfigError(f"streams.{name}: must be object")
    return name, dict(entry)


def _environment() -> dict[str, Any]:
    """Return what the driver's environment says, with the target's own variables."""
    properties = config_schema(SETTINGS)["properties"]
    texts = {
        name: text
        for name in properties
        if (text := os.environ.get(f"{_PREFIX}{name.upper()}"))
        and name not in _OF_ONE_PROCESS
    }
    return config_from_text(
        texts,
        {"properties": properties},
        lambda name: f"environment variable {_PREFIX}{name.upper()}",
    )
