"""`--propose-schema`: the integration schema that fits the streams of the input."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any

import click

from target_contentsquare.errors import ConfigError
from target_contentsquare.mapping.proposal.proposal import Proposal
from target_contentsquare.mapping.wording import quoted
from target_contentsquare.printable import encodable
from target_contentsquare.singer.input.batch_files import batch_lines
from target_contentsquare.singer.input.json_lines import decode_record
from target_contentsquare.singer.input.tap_stream import TapStream
from target_contentsquare.singer.streams.json_schema import columns_of
from target_contentsquare.singer.streams.stream_aliases import plan_maps
from target_contentsquare.singer.streams.stream_maps import compile_map, to_json_value
from target_contentsquare.singer.streams.streams import (
    plans_with_mapping,
    read_schema_message,
    stream_in,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from logging import Logger

    from singer_sdk.mapper import PluginMapper

    from target_contentsquare.mapping.proposal.proposed_stream import ProposedStream
    from target_contentsquare.settings.settings import Settings
    from target_contentsquare.singer.input.reader import LineReader, Message
    from target_contentsquare.singer.streams.stream_aliases import MapPlan
    from target_contentsquare.singer.streams.stream_maps import RowMap


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
        elif message.type == "BATCH" and message.stream in streams.sources:
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
    click.echo(encodable(proposal.to_json()))
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
        """Take a SCHEMA message. One of an unmapped stream is not looked into."""
        name = stream_in(message)
        plans = plans_with_mapping(plan_maps(name, self.mapper), self.settings)
        self.takers[name] = _take_nothing
        if not plans:
            return
        known = self.sources.get(name)
        schema = read_schema_message(message)
        source = TapStream(name=name, rows=known.rows if known else 0, schema=schema)
        self.sources[name] = source
        if source.properties:  # none on days when file taps have no file
            self.takers[name] = _taker(source, [self._target(p, source) for p in plans])

    def _target(
        self, plan: MapPlan, source: TapStream
    ) -> tuple[RowMap, ProposedStream]:
        mapping = self.settings.mapping_for(plan.alias)
        assert mapping is not None  # noqa: S101 - the plan has a mapping
        row_map = compile_map(plan, source, self.mapper)
        columns = columns_of(row_map.schema)
        return row_map, self.proposal.stream(plan.alias, columns, mapping)


def _taker(
    source: TapStream, targets: Sequence[tuple[RowMap, ProposedStream]]
) -> Callable[[bytes], None]:
    """Return what takes a stream's rows through its maps, as a run does."""

    def take(line: bytes) -> None:
        source.rows += 1
        record = decode_record(line, source)
        for row_map, proposed in targets:
            mapped = row_map.transform(record, source)
            if mapped is not None:
                proposed.put(
                    [to_json_value(mapped.get(name)) for name in proposed.columns]
                )

    return take


def _take_nothing(line: bytes) -> None:
    """Take a row of a stream that has no mapping."""
