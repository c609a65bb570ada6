"""Which way each stream's rows take: into the core, through stream maps, or nowhere."""

from __future__ import annotations

import fnmatch
import functools
from typing import TYPE_CHECKING, Any

from target_contentsquare.delivery.origin import Source
from target_contentsquare.errors import ConfigError
from target_contentsquare.mapping.wording import quoted
from target_contentsquare.singer.input.tap_stream import TapStream
from target_contentsquare.singer.streams.deletes import (
    dropping_deleted,
    has_deletes,
    unless_deleted,
)
from target_contentsquare.singer.streams.json_schema import columns_of
from target_contentsquare.singer.streams.sink import (
    LineSink,
    MapSink,
    MapTarget,
    counting_sink,
    sink_for_first_row,
)
from target_contentsquare.singer.streams.stream_aliases import plan_maps, sources_named
from target_contentsquare.singer.streams.stream_maps import compile_map
from target_contentsquare.singer.streams.validation import record_checker

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from logging import Logger

    from singer_sdk.mapper import PluginMapper

    from target_contentsquare.pipeline import Pipeline
    from target_contentsquare.settings.settings import Settings
    from target_contentsquare.singer.input.reader import Message
    from target_contentsquare.singer.streams.stream_aliases import MapPlan
    from target_contentsquare.stream import Stream


class Streams:
    """The streams of the input, each under its latest SCHEMA.

    Args:
        validates: Whether whole rows are checked against their stream's schema.
        is_retried: Whether the rows are those that earlier runs rejected.

    Attributes:
        takers: By stream, what takes its RECORD lines.
        piece_takers: By stream, what takes many of them at once; see
            `LineSink.take_piece`. Not all streams have one.
    """

    def __init__(  # noqa: PLR0913 - what the run has made ready
        self,
        pipeline: Pipeline,
        settings: Settings,
        mapper: PluginMapper,
        *,
        validates: bool,
        log: Logger,
        is_retried: bool = False,
    ) -> None:
        self._pipeline = pipeline
        self._settings = settings
        self._mapper = mapper
        self._validates = validates
        self._log = log
        self._is_retried = is_retried
        self._sources: dict[str, TapStream] = {}
        self._not_read: set[str] = set()
        self._mapped: set[str] = set()
        self.takers: dict[str, Callable[[bytes], None]] = {}
        self.piece_takers: dict[str, Callable[[bytes], int]] = {}

    def begin(self, message: Message) -> None:
        """Take a SCHEMA message. One of a stream without a mapping is not looked into.

        Raises:
            InputError: It is not as Singer says.
            ConfigError: The stream's mapping does not fit it.
        """
        name = stream_in(message)
        if name in self._not_read:
            return
        plans = plan_maps(name, self._mapper)
        mapped = plans_with_mapping(plans, self._settings)
        if not mapped:
            self.takers[name] = self._counting_sink(name, plans)
            self._not_read.add(name)
            return
        schema = read_schema_message(message)
        known = self._sources.get(name)
        if known is not None and _says_the_same(known.schema, schema):
            return  # many taps repeat it
        self._note_mapped(mapped)
        source = TapStream(
            name=name,
            rows=known.rows if known else 0,
            is_retried=self._is_retried,
            schema=schema,
        )
        self.piece_takers.pop(name, None)
        self.takers[name] = self._sink_for(source, plans)
        self._sources[name] = source

    def is_read(self, stream: str) -> bool:
        """Whether the rows of a stream that has come are looked into."""
        return stream not in self._not_read

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
        for name, pattern in sources_named(self._mapper).items():
            if not fnmatch.filter(self.takers, pattern):
                self._log.warning("stream_maps.%s: no such stream in the input", name)
        for mapping in self._settings.streams.values():
            if mapping.setting not in self._mapped:
                self._log.warning("%s: no such stream in the input", mapping.setting)

    def _counting_sink(
        self, name: str, plans: Sequence[MapPlan]
    ) -> Callable[[bytes], None]:
        """Return what counts the rows of a stream that nobody looks into."""
        summary = self._pipeline.summary
        aliases = [plan.alias for plan in plans if plan.definition is not None]
        if not aliases:
            return counting_sink(Source(name), summary.removed, [name])
        for alias in aliases:
            self._tell_skipped(alias)
        return counting_sink(Source(name), summary.skipped, aliases)

    def _sink_for(
        self, source: TapStream, plans: Sequence[MapPlan]
    ) -> Callable[[bytes], None]:
        make = functools.partial(self._shortest_sink, source, plans)
        # File taps write a SCHEMA without columns when there is no file.
        return make() if source.properties else sink_for_first_row(make)

    def _shortest_sink(
        self, source: TapStream, plans: Sequence[MapPlan]
    ) -> Callable[[bytes], None]:
        """Return the shortest way for a stream's rows."""
        kept = (plan for plan in plans if plan.definition is not None)
        targets = [self._target_for(source, plan) for plan in kept]
        only = targets[0] if len(targets) == 1 else None
        if only and only.stream and only.takes_lines and not self._validates:
            return self._line_sink(only.stream, source)
        summary = self._pipeline.summary
        check = record_checker(source, self._log) if self._validates else None
        return MapSink(source, targets, check, summary.skipped, summary.removed)

    def _line_sink(self, stream: Stream, source: TapStream) -> Callable[[bytes], None]:
        sink = LineSink(stream, source)
        if not has_deletes(source.properties):
            self.piece_takers[source.name] = sink.take_piece
            return sink
        self.piece_takers[source.name] = unless_deleted(sink.take_piece)
        return dropping_deleted(sink, stream, source)

    def _target_for(self, source: TapStream, plan: MapPlan) -> MapTarget:
        if self._settings.mapping_for(plan.alias) is None:
            self._tell_skipped(plan.alias)
            return MapTarget(plan.alias)
        row_map = compile_map(plan, source, self._mapper)
        columns = columns_of(row_map.schema)
        stream = self._pipeline.stream(
            plan.alias, columns, keys=source.keys, source=source
        )
        return MapTarget(plan.alias, row_map, stream)

    def _note_mapped(self, plans: Sequence[MapPlan]) -> None:
        mappings = (self._settings.mapping_for(plan.alias) for plan in plans)
        self._mapped.update(mapping.setting for mapping in mappings if mapping)

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


def plans_with_mapping(plans: Sequence[MapPlan], settings: Settings) -> list[MapPlan]:
    """Return the plans whose rows are sent. If none, the stream is not looked into."""
    return [
        plan
        for plan in plans
        if plan.definition is not None and settings.mapping_for(plan.alias) is not None
    ]


def stream_in(message: Message) -> str:
    """Return the name of a SCHEMA message's stream.

    Raises:
        InputError: It has none.
    """
    if not message.stream:
        raise message.error("a SCHEMA has no 'stream' or no 'schema'")
    return message.stream


def read_schema_message(message: Message) -> dict[str, Any]:
    """Return a SCHEMA message, checked as far as we and the SDK rely on it.

    Raises:
        InputError: It is not as Singer says.
    """
    given = message.decode()
    stream, schema = message.stream, given.get("schema")
    if not isinstance(schema, dict):
        raise message.error("a SCHEMA has no 'stream' or no 'schema'")
    if not isinstance(schema.get("properties"), dict):
        raise message.error(f"the SCHEMA of stream '{stream}' has no 'properties'")
    keys = given.get("key_properties") or []
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
        raise message.error(
            f"the SCHEMA of stream '{stream}': 'key_properties' is not a list of names"
        )
    return given


def _says_the_same(known: Mapping[str, Any], schema: Mapping[str, Any]) -> bool:
    return all(
        known.get(key) == schema.get(key) for key in ("schema", "key_properties")
    )
