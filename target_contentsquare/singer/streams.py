"""Which way a stream's rows take: straight to the sink, through the SDK, or none."""

from __future__ import annotations

import copy
import fnmatch
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

import msgspec
from singer_sdk.exceptions import RecordsWithoutSchemaException, SingerSDKError
from singer_sdk.mapper import RemoveRecordTransform, SameRecordTransform

from target_contentsquare.errors import ConfigError, InputError
from target_contentsquare.mapping.wording import quoted
from target_contentsquare.singer.batch_files import read_batch_files
from target_contentsquare.singer.origin import Source
from target_contentsquare.singer.reader import is_json
from target_contentsquare.singer.sink import (
    ContentsquareSink,
    decode_record,
    name_failing_rows,
)

if TYPE_CHECKING:
    from singer_sdk import Target
    from singer_sdk.mapper import StreamMap

    from target_contentsquare.delivery.outbox import Outbox
    from target_contentsquare.delivery.summary import Summary
    from target_contentsquare.mapping.times import WallClock
    from target_contentsquare.settings.settings import Settings
    from target_contentsquare.singer.reader import LineReader

#: Takes the RECORD lines of a stream.
Taker = Callable[[bytes], None]

_ROWS_BETWEEN_TICKS = 256


class Intake:
    """Hands each message on, once the SDK has set up mapper and sinks for its stream.

    Args:
        process_record: The SDK's own way for a RECORD message.
        tick: Called now and then while a BATCH message's files are read.
    """

    def __init__(  # noqa: PLR0913 - what a row needs on its way
        self,
        target: Target,
        settings: Settings,
        outbox: Outbox,
        summary: Summary,
        reader: LineReader,
        *,
        wall_clock: WallClock,
        process_record: Callable[[dict[str, Any]], None],
        tick: Callable[[], None],
    ) -> None:
        self._target = target
        self._settings = settings
        self._outbox = outbox
        self._summary = summary
        self._reader = reader
        self._wall_clock = wall_clock
        self._process_record = process_record
        self._tick = tick
        self._sources: dict[str, Source] = {}
        self._mapped: set[str] = set()

    def begin_stream(
        self, message: dict[str, Any], set_up: Callable[[dict[str, Any]], None]
    ) -> None:
        """Take a SCHEMA message.

        Args:
            set_up: The SDK's own way, which makes stream maps and sinks.

        Raises:
            InputError: It is not as Singer says.
            ConfigError: The stream's mapping does not fit it.
        """
        stream = check_schema_message(message, self._reader)
        known = self._sources.get(stream)
        if known is not None and _says_the_same(known.schema, message):
            return  # many taps repeat it
        # A copy, since the SDK takes properties of its own out of the message.
        source = Source(stream, copy.deepcopy(message), known.rows if known else 0)
        self._set_up(stream, message, set_up)
        self._sources[stream] = source
        self._reader.takers[stream] = self._choose_taker(source)

    def _set_up(
        self,
        stream: str,
        message: dict[str, Any],
        set_up: Callable[[dict[str, Any]], None],
    ) -> None:
        try:
            set_up(message)
        except SingerSDKError:
            raise
        except (TypeError, ValueError, KeyError, AttributeError) as error:
            raise self._reader.error(
                f"the SCHEMA of stream '{stream}' is not one that can be worked with "
                f"({type(error).__name__})"
            ) from None
        # The SDK keeps replaced sinks until the end to drain them; ours hold nothing.
        self._target._sinks_to_clear.clear()  # noqa: SLF001 - the SDK has no other way

    def miss_schema(self, stream: str) -> NoReturn:
        """Take rows of a stream that has no SCHEMA yet.

        Raises:
            RecordsWithoutSchemaException: Always; the message names the line.
        """
        raise RecordsWithoutSchemaException(
            f"line {self._reader.line_number} of the input: a row of stream '{stream}' "
            "comes before its SCHEMA: check the tap"
        )

    def take_batch(
        self, message: dict[str, Any], storage: dict[str, Any] | None
    ) -> None:
        """Take a BATCH message: each row of its files as if it had come in a RECORD.

        Raises:
            InputError: The message or a file can't be read.
        """
        stream = str(message.get("stream"))
        head = b'{"type":"RECORD","stream":%b,"record":' % msgspec.json.encode(stream)
        take = self._reader.takers.get(stream) or self.miss_schema(stream)
        for number, row in enumerate(read_batch_files(message, storage), start=1):
            self._wall_clock.look()  # a file may be slow to come
            if self._reader.stopped:
                return
            if not is_json(row):
                raise InputError(
                    f"a batch file of '{stream}': row {number} is not JSON"
                )
            take(b"%b%b}" % (head, row))
            if number % _ROWS_BETWEEN_TICKS == 0:
                self._tick()

    def take_state(self, state: bytes) -> None:
        """Take the value of a STATE message, as JSON.

        Raises:
            InputError: It has no value.
        """
        if state in {b"", b"null"}:
            raise self._reader.error("a STATE has no 'value'")
        try:
            state.decode()
        except UnicodeDecodeError:
            raise self._reader.error("a STATE is not valid UTF-8") from None
        self._outbox.mark(state)

    def check_streams(self, *, is_complete: bool) -> None:
        """Compare, at the end, the streams that came with those that have a mapping.

        Args:
            is_complete: False if the run was stopped: more streams could have come.

        Raises:
            ConfigError: No stream that came has a mapping.
        """
        if not is_complete:
            return
        if self._summary.skipped and not self._mapped:
            raise ConfigError(
                "every stream was skipped: the setting 'streams' has a mapping only "
                f"for {quoted(self._settings.streams)}, and the input has "
                f"{quoted(self._summary.skipped)}"
            )
        for name, one in self._target.mapper.stream_maps_dict.items():
            pattern = one.get("__source__", name) if isinstance(one, dict) else name
            if not fnmatch.filter(self._sources, pattern):
                self._target.logger.warning(
                    "stream_maps.%s: no such stream in the input", name
                )
        for mapping in self._settings.streams.values():
            if mapping.setting not in self._mapped:
                self._target.logger.warning(
                    "%s: no such stream in the input", mapping.setting
                )

    def _choose_taker(self, source: Source) -> Taker:
        """Choose the shortest way for a stream's rows, and prepare its sinks."""
        maps = [
            one
            for one in self._target.mapper.stream_maps[source.stream]
            if not isinstance(one, RemoveRecordTransform)
        ]
        if not maps:
            return partial(self._remove, source)
        aliases = [one.stream_alias for one in maps]
        sinks = [self._prepared_sink(alias) for alias in aliases]
        if all(sink.mapper is None for sink in sinks):
            return partial(self._skip, source, aliases)
        if len(sinks) == 1 and _leaves_rows_alone(maps[0], sinks[0]):
            return sinks[0].line_taker(source)
        for one in maps:
            name_failing_rows(one, source)
        return partial(self._process_through_sdk, source, aliases)

    def _sink(self, alias: str) -> ContentsquareSink:
        sink = self._target.get_sink(alias)
        assert isinstance(sink, ContentsquareSink)  # noqa: S101 - the default class
        return sink

    def _prepared_sink(self, alias: str) -> ContentsquareSink:
        sink = self._sink(alias)
        mapping = self._settings.mapping_for(alias)
        if mapping is not None:
            self._mapped.add(mapping.setting)
            counts = self._summary.counts(alias)
            sink.prepare(mapping, self._outbox, counts, self._wall_clock)
            self._outbox.enable_state()
        elif alias not in self._summary.skipped:
            self._summary.skipped[alias] = 0
            self._target.logger.warning(
                "Stream '%s' is skipped: the setting 'streams' has no mapping for it, "
                "only for %s",
                alias,
                quoted(self._settings.streams),
            )
        return sink

    def _remove(self, source: Source, line: bytes) -> None:
        _count_unread(source, line)
        self._summary.removed[source.stream] += 1

    def _skip(self, source: Source, aliases: Sequence[str], line: bytes) -> None:
        _count_unread(source, line)
        self._summary.skipped.update(aliases)

    def _process_through_sdk(
        self,
        source: Source,
        aliases: Sequence[str],
        line: bytes,
    ) -> None:
        """The SDK's own way, for stream maps, flattening and validation."""
        source.rows += 1
        # Those that the SDK will use: two streams may go by the same alias.
        sinks = [self._sink(alias) for alias in aliases]
        record = decode_record(line, source)
        for sink in sinks:
            sink.begin_row(source, line)
        self._process_record({"stream": source.stream, "record": record})
        for sink in sinks:
            if sink.mapper is None:
                self._summary.skipped[sink.stream_name] += 1
            elif not sink.got_row:
                self._summary.removed[sink.stream_name] += 1


def _count_unread(source: Source, line: bytes) -> None:
    """Count a row that nobody looks into: a broken line may hide another stream's.

    Raises:
        InputError: It is not JSON.
    """
    source.rows += 1
    if not is_json(line):
        decode_record(line, source)


def check_schema_message(message: dict[str, Any], reader: LineReader) -> str:
    """Check a SCHEMA message as far as we and the SDK rely on it.

    Returns:
        The stream's name.

    Raises:
        InputError: It is not as Singer says.
    """
    stream, schema = message.get("stream"), message.get("schema")
    if not isinstance(stream, str) or not isinstance(schema, dict):
        raise reader.error("a SCHEMA has no 'stream' or no 'schema'")
    if not isinstance(schema.get("properties"), dict):
        raise reader.error(f"the SCHEMA of stream '{stream}' has no 'properties'")
    keys = message.get("key_properties") or []
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
        raise reader.error(
            f"the SCHEMA of stream '{stream}': 'key_properties' is not a list of names"
        )
    return stream


def _says_the_same(known: Mapping[str, Any], message: Mapping[str, Any]) -> bool:
    """As the SDK sees it, which then keeps its stream maps and sinks."""
    return all(
        known.get(key) == message.get(key) for key in ("schema", "key_properties")
    )


def _leaves_rows_alone(stream_map: StreamMap, sink: ContentsquareSink) -> bool:
    return (
        type(stream_map) is SameRecordTransform
        and not stream_map.flattening_enabled
        and not sink.validate_schema
        and sink.takes_lines
    )
