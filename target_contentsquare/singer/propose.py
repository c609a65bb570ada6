"""`--propose-schema`: the integration schema that fits the streams of the input."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any

import click

from target_contentsquare.errors import ConfigError
from target_contentsquare.mapping.proposal.proposal import Proposal
from target_contentsquare.mapping.wording import quoted
from target_contentsquare.singer.batch_files import batch_lines
from target_contentsquare.singer.json_lines import decode_record
from target_contentsquare.singer.json_schema import columns_of
from target_contentsquare.singer.stream_maps import (
    removes_rows,
    to_json_value,
    transform,
)
from target_contentsquare.singer.streams import read_schema_message, register_schema
from target_contentsquare.singer.tap_stream import TapStream

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from logging import Logger

    from singer_sdk.mapper import PluginMapper, StreamMap

    from target_contentsquare.mapping.proposal.proposed_stream import ProposedStream
    from target_contentsquare.settings.settings import Settings
    from target_contentsquare.singer.reader import LineReader, Message


def propose_schema(  # noqa: PLR0913 - what the command line has made ready
    file_input: IO[Any] | None,
    reader: LineReader,
    settings: Settings,
    mapper: PluginMapper,
    log: Logger,
    *,
    batch_storage: Mapping[str, Any] | None,
) -> None:
    """Print the integration schemas that fit the rows read; nothing is sent.

    Args:
        batch_storage: The SDK's `batch_config.storage`.

    Raises:
        ConfigError: There is nothing to propose.
        InputError: The input is not Singer messages.
    """
    streams = _ProposedStreams(settings, mapper)
    for message in reader.messages(file_input, streams.takers):
        if message.type == "SCHEMA":
            streams.begin(message)
        elif message.type == "BATCH" and message.stream in streams.takers:
            for line in batch_lines(message.decode(), batch_storage):
                streams.takers[message.stream](line)
    proposal = streams.proposal
    for note in proposal.notes():
        log.warning("%s", note)
    if not proposal.documents():
        raise ConfigError(
            f"there is nothing to propose: the input has {quoted(streams.takers)}, and "
            f"the setting 'streams' a mapping for {quoted(settings.streams)}"
        )
    click.echo(proposal.to_json())
    log.info("Types and what is optional are those of %d rows", proposal.rows)


@dataclass(frozen=True, slots=True)
class _ProposedStreams:
    """The streams of the input, whose rows the proposal looks at.

    Attributes:
        takers: By stream, what takes its RECORD lines.
    """

    settings: Settings
    mapper: PluginMapper
    proposal: Proposal = field(default_factory=Proposal)
    sources: dict[str, TapStream] = field(default_factory=dict)
    takers: dict[str, Callable[[bytes], None]] = field(default_factory=dict)

    def begin(self, message: Message) -> None:
        """Take a SCHEMA message."""
        schema = read_schema_message(message)
        name = schema["stream"]
        maps = register_schema(self.mapper, schema, message)
        targets = [
            (stream_map, proposed)
            for stream_map in maps
            if (proposed := self._proposed(stream_map)) is not None
        ]
        known = self.sources.get(name)
        source = TapStream(name=name, rows=known.rows if known else 0, schema=schema)
        self.sources[name] = source
        self.takers[name] = _taker(source, targets) if targets else _take_nothing

    def _proposed(self, stream_map: StreamMap) -> ProposedStream | None:
        alias = stream_map.stream_alias
        mapping = self.settings.mapping_for(alias)
        if mapping is None or removes_rows(stream_map):
            return None
        columns = columns_of(stream_map.transformed_schema)
        return self.proposal.stream(alias, columns, mapping)


def _taker(
    source: TapStream, targets: Sequence[tuple[StreamMap, ProposedStream]]
) -> Callable[[bytes], None]:
    """Return what takes a stream's rows through its maps, as a run does."""

    def take(line: bytes) -> None:
        source.rows += 1
        record = decode_record(line, source)
        for stream_map, proposed in targets:
            mapped = transform(stream_map, record, source)
            if mapped is not None:
                proposed.put(
                    [to_json_value(mapped.get(name)) for name in proposed.columns]
                )

    return take


def _take_nothing(line: bytes) -> None:
    """Take a row of a stream that has no mapping."""
