"""What takes the RECORD lines of a stream: straight into the core, or through maps.

These are not the SDK's sinks. Those hold rows back until they are drained, drain again
in the middle of a drain when a signal comes, and take columns that begin with `_sdc_`
out of every row; here a row is put into the pipeline as soon as it is read.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from target_contentsquare.delivery.rejects import Rejection
from target_contentsquare.errors import UnfitValueError
from target_contentsquare.mapping.integration_schema import is_plain_name
from target_contentsquare.printable import encodable
from target_contentsquare.singer.input.json_lines import (
    DECODE_ERRORS,
    decode_record,
    is_json,
    unreadable,
)
from target_contentsquare.singer.input.line_decoder import (
    piece_decoder,
    typed_decoder,
    untyped_decoder,
)
from target_contentsquare.singer.input.piece import Piece
from target_contentsquare.singer.streams.deletes import DELETED, is_deleted
from target_contentsquare.singer.streams.stream_maps import to_json_value

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Mapping, Sequence

    from target_contentsquare.delivery.origin import Source
    from target_contentsquare.singer.input.tap_stream import TapStream
    from target_contentsquare.singer.streams.stream_maps import RowMap
    from target_contentsquare.stream import Stream


# Of one that is longer, a line is so long that others should not keep it in memory.
_LONGEST_PIECE = 200_000


class LineSink:
    """Takes rows that no map changes: only what is sent is decoded.

    Args:
        stream: Where the rows go.
        source: Where they come from.
    """

    def __init__(self, stream: Stream, source: TapStream) -> None:
        self._stream = stream
        self._source = source
        self._names = [column.name for column in stream.columns]
        self._decode = typed_decoder(stream.columns)
        self._decode_as_it_is = untyped_decoder(stream.columns)
        # None can be made for a name that has half of a surrogate pair.
        self._decode_piece = (
            piece_decoder(stream.columns, source.name)
            if encodable(source.name) == source.name
            else None
        )

    def __call__(self, line: bytes) -> None:
        """Take a RECORD line."""
        try:
            values = self._decode(line)
        except DECODE_ERRORS:
            self._stream.put_untyped(line, self._decode_untyped)
        else:
            self._stream.put_typed([values], line, len(line), self._decode_untyped)

    def take_piece(self, text: bytes) -> int:
        """Take many lines, if all are rows of this stream whose values are typed.

        Args:
            text: Lines with newlines between them.

        Returns:
            How many rows there are, all of them taken; 0 if none was.
        """
        if self._decode_piece is None or len(text) > _LONGEST_PIECE:
            return 0
        try:
            count, rows = self._decode_piece(text)
        except DECODE_ERRORS:
            return 0
        if count:
            piece = Piece(text, self._source.name, self._source.rows + 1, count)
            size = len(text) // count
            self._stream.put_typed(rows, piece, size, self._decode_untyped)
        return count

    def _decode_untyped(self, line: bytes) -> Sequence[Any]:
        try:
            return self._decode_as_it_is(line)
        except DECODE_ERRORS:
            record = decode_record(line, self._source)
            self._source.demand_keys(record)
            values = [record.get(name) for name in self._names]
            if (detail := unreadable(values)) is not None:
                raise UnfitValueError("invalid_record", detail) from None
            return values


@dataclass(frozen=True, slots=True)
class MapTarget:
    """Where the rows of a map go.

    Attributes:
        alias: The name of the stream that comes out of the map.
        row_map: None if the stream has no mapping.
        stream: None if it has no mapping.
    """

    alias: str
    row_map: RowMap | None = None
    stream: Stream | None = None

    @property
    def takes_lines(self) -> bool:
        """Whether rows can go straight into the core, decoded no deeper than needed."""
        return (
            self.row_map is not None
            and self.row_map.leaves_rows_alone
            and self.stream is not None
            # A decoder does not take all names.
            and all(is_plain_name(column.name) for column in self.stream.columns)
        )


class MapSink:
    """Takes rows that go through stream maps, flattening or validation.

    Args:
        check: Returns why a row, as it arrived, does not fit its stream's schema, or
            None if it does; None: rows are not validated.
        skipped: Counts the rows of streams without a mapping.
        removed: Counts the rows that maps filter out.
    """

    def __init__(
        self,
        source: TapStream,
        targets: Sequence[MapTarget],
        check: Callable[[Mapping[str, Any]], Rejection | None] | None,
        skipped: Counter[str],
        removed: Counter[str],
    ) -> None:
        self._source = source
        self._targets = targets
        self._check = check
        self._skipped = skipped
        self._removed = removed

    def __call__(self, line: bytes) -> None:
        """Take a RECORD line."""
        self._source.rows += 1
        record = decode_record(line, self._source)
        self._source.demand_keys(record)
        for target in self._targets:
            if target.stream is None or target.row_map is None:
                self._skipped[target.alias] += 1
            elif is_deleted(record):
                # Its other columns may be null, which expressions may not expect.
                target.stream.drop(DELETED)
            else:
                self._put(target.row_map, target.stream, record, line)

    def _put(
        self, row_map: RowMap, stream: Stream, record: Mapping[str, Any], line: bytes
    ) -> None:
        mapped = row_map.transform(record, self._source)
        if mapped is None:
            self._removed[row_map.alias] += 1
        elif is_deleted(mapped):
            stream.drop(DELETED)
        elif self._check and (rejection := self._check(record)) is not None:
            stream.reject(line, rejection)
        else:
            names = (column.name for column in stream.columns)
            values = [to_json_value(mapped.get(name)) for name in names]
            if (detail := unreadable(values)) is not None:
                stream.reject(line, Rejection("invalid_record", None, detail))
            else:
                stream.put(values, line)


def counting_sink(
    source: Source, counts: Counter[str], names: Sequence[str]
) -> Callable[[bytes], None]:
    """Return what takes rows that nobody looks into, and counts them under names."""

    def take(line: bytes) -> None:
        source.rows += 1
        # A broken line may hide a row of another stream.
        if not is_json(line):
            decode_record(line, source)
        counts.update(names)

    return take


def sink_for_first_row(
    make: Callable[[], Callable[[bytes], None]],
) -> Callable[[bytes], None]:
    """Return what makes a sink when a row comes, and hands it this and all later rows.

    Args:
        make: Raises an error where there can be no sink; no row, no error.
    """
    sink = functools.cache(make)

    def take(line: bytes) -> None:
        sink()(line)

    return take
