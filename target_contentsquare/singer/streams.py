"""Which way each stream's rows take: into the core, through stream maps, or nowhere."""

from __future__ import annotations

import copy
import fnmatch
from typing import TYPE_CHECKING, Any

from singer_sdk.exceptions import SingerSDKError

from target_contentsquare.errors import ConfigError
from target_contentsquare.mapping.wording import quoted
from target_contentsquare.singer.json_schema import columns_of
from target_contentsquare.singer.sink import (
    MapSink,
    MapTarget,
    counting_sink,
    line_sink,
)
from target_contentsquare.singer.stream_maps import removes_rows
from target_contentsquare.singer.tap_stream import TapStream
from target_contentsquare.singer.validation import record_checker

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from logging import Logger

    from singer_sdk.mapper import PluginMapper, StreamMap

    from target_contentsquare.pipeline import Pipeline
    from target_contentsquare.settings.settings import Settings
    from target_contentsquare.singer.reader import Message


class Streams:
    """The streams of the input, each under its latest SCHEMA.

    Args:
        validates: Whether whole rows are checked against their stream's schema.

    Attributes:
        takers: By stream, what takes its RECORD lines.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        settings: Settings,
        mapper: PluginMapper,
        *,
        validates: bool,
        log: Logger,
    ) -> None:
        self._pipeline = pipeline
        self._settings = settings
        self._mapper = mapper
        self._validates = validates
        self._log = log
        self._sources: dict[str, TapStream] = {}
        self._mapped: set[str] = set()
        self.takers: dict[str, Callable[[bytes], None]] = {}

    def begin(self, message: Message) -> None:
        """Take a SCHEMA message.

        Raises:
            InputError: It is not as Singer says.
            ConfigError: The stream's mapping does not fit it.
        """
        schema = read_schema_message(message)
        name = schema["stream"]
        known = self._sources.get(name)
        if known is not None and _says_the_same(known.schema, schema):
            return  # many taps repeat it
        rows = known.rows if known else 0
        source = TapStream(name=name, rows=rows, schema=copy.deepcopy(schema))
        maps = register_schema(self._mapper, schema, message)
        self.takers[name] = self._sink_for(source, maps)
        self._sources[name] = source

    @property
    def has_mapped(self) -> bool:
        """Whether a stream with a mapping has come."""
        return bool(self._mapped)

    def check_at_end(self) -> None:
        """Compare the streams that came with those that the settings name.

        Raises:
            ConfigError: No stream that came has a mapping.
        """
        skipped = self._pipeline.summary.skipped
        if skipped and not self._mapped:
            raise ConfigError(
                "every stream was skipped: the setting 'streams' has a mapping only "
                f"for {quoted(self._settings.streams)}, and the input has "
                f"{quoted(skipped)}"
            )
        for name, entry in self._mapper.stream_maps_dict.items():
            pattern = entry.get("__source__", name) if isinstance(entry, dict) else name
            if not fnmatch.filter(self._sources, pattern):
                self._log.warning("stream_maps.%s: no such stream in the input", name)
        for mapping in self._settings.streams.values():
            if mapping.setting not in self._mapped:
                self._log.warning("%s: no such stream in the input", mapping.setting)

    def _sink_for(
        self, source: TapStream, maps: Sequence[StreamMap]
    ) -> Callable[[bytes], None]:
        """Return the shortest way for a stream's rows."""
        summary = self._pipeline.summary
        kept = [stream_map for stream_map in maps if not removes_rows(stream_map)]
        if not kept:
            return counting_sink(source, summary.removed, [source.name])
        targets = [self._target_for(source, stream_map) for stream_map in kept]
        if all(target.stream is None for target in targets):
            aliases = [target.alias for target in targets]
            return counting_sink(source, summary.skipped, aliases)
        only = targets[0] if len(targets) == 1 else None
        if only and only.stream and only.takes_lines:
            return line_sink(only.stream, source)
        return MapSink(source, targets, summary.skipped, summary.removed)

    def _target_for(self, source: TapStream, stream_map: StreamMap) -> MapTarget:
        alias, schema = stream_map.stream_alias, stream_map.transformed_schema
        stream = self._pipeline.stream(
            alias, columns_of(schema), keys=source.keys, source=source
        )
        if stream is None:
            self._tell_skipped(alias)
            return MapTarget(stream_map, alias)
        self._note_mapped(alias)
        check = record_checker(alias, schema) if self._validates else None
        return MapTarget(stream_map, alias, stream, check)

    def _note_mapped(self, alias: str) -> None:
        mapping = self._settings.mapping_for(alias)
        assert mapping is not None  # noqa: S101 - the pipeline gave a stream for it
        self._mapped.add(mapping.setting)

    def _tell_skipped(self, alias: str) -> None:
        skipped = self._pipeline.summary.skipped
        if alias not in skipped:
            skipped[alias] = 0
            self._log.warning(
                "Stream '%s' is skipped: the setting 'streams' has no mapping for it, "
                "only for %s",
                alias,
                quoted(self._settings.streams),
            )


def read_schema_message(message: Message) -> dict[str, Any]:
    """Return a SCHEMA message, checked as far as we and the SDK rely on it.

    Raises:
        InputError: It is not as Singer says.
    """
    given = message.decode()
    stream, schema = given.get("stream"), given.get("schema")
    if not isinstance(stream, str) or not isinstance(schema, dict):
        raise message.error("a SCHEMA has no 'stream' or no 'schema'")
    if not isinstance(schema.get("properties"), dict):
        raise message.error(f"the SCHEMA of stream '{stream}' has no 'properties'")
    keys = given.get("key_properties") or []
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
        raise message.error(
            f"the SCHEMA of stream '{stream}': 'key_properties' is not a list of names"
        )
    return given


def register_schema(
    mapper: PluginMapper, schema: Mapping[str, Any], message: Message
) -> Sequence[StreamMap]:
    """Tell the SDK's mapper of a SCHEMA message, and return the stream's maps.

    Raises:
        InputError: The SDK can't work with the schema.
        SingerSDKError: The setting `stream_maps` does not fit it.
    """
    stream = schema["stream"]
    try:
        mapper.register_raw_stream_schema(
            stream, schema["schema"], schema.get("key_properties")
        )
    except SingerSDKError:
        raise
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise message.error(
            f"the SCHEMA of stream '{stream}' is not one that can be worked with "
            f"({type(error).__name__})"
        ) from None
    return mapper.stream_maps[stream]


def _says_the_same(known: Mapping[str, Any], schema: Mapping[str, Any]) -> bool:
    return all(
        known.get(key) == schema.get(key) for key in ("schema", "key_properties")
    )
