"""What takes the RECORD lines of a stream: straight into the core, or through maps.

These are not the SDK's sinks. Those hold rows back until they are drained, drain again
in the middle of a drain when a signal comes, and take columns that begin with `_sdc_`
out of every row; here a row is put into the pipeline as soon as it is read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from singer_sdk.exceptions import MissingKeyPropertiesError

from target_contentsquare.delivery.rejects import Rejection
from target_contentsquare.errors import UnfitValueError
from target_contentsquare.mapping.integration_schema import is_plain_name
from target_contentsquare.singer.json_lines import (
    DECODE_ERRORS,
    decode_record,
    is_json,
    unreadable,
)
from target_contentsquare.singer.line_decoder import typed_decoder, untyped_decoder
from target_contentsquare.singer.stream_maps import (
    leaves_rows_alone,
    to_json_value,
    transform,
)

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Mapping, Sequence

    from singer_sdk.mapper import StreamMap

    from target_contentsquare.singer.tap_stream import TapStream
    from target_contentsquare.stream import Stream


def line_sink(stream: Stream, source: TapStream) -> Callable[[bytes], None]:
    """Return what takes rows that no map changes: only what is sent is decoded."""
    decode = untyped_decoder(stream.columns)
    names = [column.name for column in stream.columns]

    def decode_untyped(line: bytes) -> Sequence[Any]:
        try:
            return decode(line)
        except DECODE_ERRORS:
            record = decode_record(line, source)
            _demand_keys(record, source)
            values = [record.get(name) for name in names]
            if (detail := unreadable(values)) is not None:
                raise UnfitValueError("invalid_record", detail) from None
            return values

    return stream.reader(typed_decoder(stream.columns), decode_untyped)


@dataclass(frozen=True, slots=True)
class MapTarget:
    """A stream map and where its rows go.

    Attributes:
        alias: The name of the stream that comes out of the map.
        stream: None if it has no mapping.
        check: None if rows are not validated.
    """

    stream_map: StreamMap
    alias: str
    stream: Stream | None = None
    check: Callable[[Mapping[str, Any]], str | None] | None = None

    @property
    def takes_lines(self) -> bool:
        """Whether rows can go straight into the core, decoded no deeper than needed."""
        return (
            leaves_rows_alone(self.stream_map)
            and self.check is None
            and self.stream is not None
            # A decoder does not take all names.
            and all(is_plain_name(column.name) for column in self.stream.columns)
        )


class MapSink:
    """Takes rows that go through stream maps, flattening or validation.

    Args:
        skipped: Counts the rows of streams without a mapping.
        removed: Counts the rows that maps filter out.
    """

    def __init__(
        self,
        source: TapStream,
        targets: Sequence[MapTarget],
        skipped: Counter[str],
        removed: Counter[str],
    ) -> None:
        self._source = source
        self._targets = targets
        self._skipped = skipped
        self._removed = removed

    def __call__(self, line: bytes) -> None:
        """Take a RECORD line."""
        self._source.rows += 1
        record = decode_record(line, self._source)
        _demand_keys(record, self._source)
        for target in self._targets:
            self._put(target, record, line)

    def _put(self, target: MapTarget, record: Mapping[str, Any], line: bytes) -> None:
        mapped = transform(target.stream_map, record, self._source)
        if target.stream is None:
            self._skipped[target.alias] += 1
        elif mapped is None:
            self._removed[target.alias] += 1
        elif target.check and (detail := target.check(mapped)) is not None:
            target.stream.reject(line, Rejection("invalid_record", None, detail))
        else:
            names = (column.name for column in target.stream.columns)
            values = [to_json_value(mapped.get(name)) for name in names]
            if (detail := unreadable(values)) is not None:
                target.stream.reject(line, Rejection("invalid_record", None, detail))
            else:
                target.stream.put(values, line)


def counting_sink(
    source: TapStream, counts: Counter[str], names: Sequence[str]
) -> Callable[[bytes], None]:
    """Return what takes rows that nobody looks into, and counts them under names."""

    def take(line: bytes) -> None:
        source.rows += 1
        # A broken line may hide a row of another stream.
        if not is_json(line):
            decode_record(line, source)
        counts.update(names)

    return take


def _demand_keys(record: Mapping[str, Any], source: TapStream) -> None:
    """Raise an error for a row that, as it arrived, lacks a key property."""
    missing = [name for name in source.keys if name not in record]
    if missing:
        row = source.where(source.rows)
        msg = f"{row}: has no key property {', '.join(missing)}: correct the tap"
        raise MissingKeyPropertiesError(msg)
