"""`--propose-schema`: the integration schema that fits the streams of the input."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any

import click

from target_contentsquare.errors import ConfigError
from target_contentsquare.mapping.proposal import Proposal
from target_contentsquare.mapping.wording import quoted
from target_contentsquare.singer.json_schema import columns_of
from target_contentsquare.singer.stream_maps import removes_rows
from target_contentsquare.singer.streams import read_schema_message, register_schema

if TYPE_CHECKING:
    from logging import Logger

    from singer_sdk.mapper import PluginMapper

    from target_contentsquare.settings.settings import Settings
    from target_contentsquare.singer.reader import LineReader, Message


def propose_schema(
    file_input: IO[Any] | None,
    reader: LineReader,
    settings: Settings,
    mapper: PluginMapper,
    log: Logger,
) -> None:
    """Print the integration schemas that fit the streams read; nothing is sent.

    Raises:
        ConfigError: There is nothing to propose.
        InputError: The input is not Singer messages.
    """
    proposal = Proposal()
    seen: list[str] = []
    for message in reader.messages(file_input, {}):
        if message.type == "SCHEMA":
            seen.append(message.stream)
            _add(proposal, message, settings, mapper)
    for note in dict.fromkeys(proposal.notes):
        log.warning("%s", note)
    if not seen or not proposal.documents():
        raise ConfigError(
            f"there is nothing to propose: the input has {quoted(seen)}, and the "
            f"setting 'streams' a mapping for {quoted(settings.streams)}"
        )
    click.echo(proposal.to_json())


def _add(
    proposal: Proposal, message: Message, settings: Settings, mapper: PluginMapper
) -> None:
    schema = read_schema_message(message)
    for stream_map in register_schema(mapper, schema, message):
        alias = stream_map.stream_alias
        mapping = settings.mapping_for(alias)
        if mapping is not None and not removes_rows(stream_map):
            proposal.add(alias, columns_of(stream_map.transformed_schema), mapping)
