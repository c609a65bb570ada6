"""A stream's sink: from a row, through its mapping, into the outbox."""

from __future__ import annotations

import math
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import msgspec
from jsonschema import ValidationError, validators
from msgspec.structs import astuple
from referencing.exceptions import Unresolvable
from singer_sdk.exceptions import (
    InvalidRecord,
    MapExpressionError,
    MissingKeyPropertiesError,
)
from singer_sdk.sinks import BatchSink
from singer_sdk.sinks.core import JSONSchemaValidator

from target_contentsquare.errors import ConfigError, InputError, UnfitValueError
from target_contentsquare.mapping.compile import RowMapper, compile_mapping
from target_contentsquare.mapping.integration_schema import is_plain_name
from target_contentsquare.singer.json_schema import columns_of
from target_contentsquare.singer.origin import Origin, Source
from target_contentsquare.singer.reader import DECODE_ERRORS, decode_leniently
from target_contentsquare.singer.rejected_file import Rejection

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from singer_sdk.mapper import StreamMap
    from singer_sdk.sinks.core import BaseJSONSchemaValidator

    from target_contentsquare.delivery.outbox import Outbox
    from target_contentsquare.delivery.summary import StreamCounts
    from target_contentsquare.mapping.stream_mapping import StreamMapping
    from target_contentsquare.mapping.times import WallClock


# A row whose values are not of the exact types that the stream's schema promises.
_NOT_AS_PROMISED = (*DECODE_ERRORS, UnfitValueError)


class ContentsquareSink(BatchSink):
    """Turns a stream's rows into enrichments.

    Rows come in one of two ways: `line_taker` takes a RECORD line as it arrived, and
    the SDK's `process_record` what stream maps, flattening and validation left of it.
    """

    #: There are no records to add metadata to (the API takes registered fields only).
    include_sdc_metadata_properties = False

    mapper: RowMapper | None = None
    #: Whether `line_taker` can be used: a decoder does not take all names.
    takes_lines: bool = False
    #: Whether stream maps let the current row through.
    got_row: bool = False
    _origin: Origin
    _invalid: str | None = None

    def prepare(
        self,
        mapping: StreamMapping,
        outbox: Outbox,
        counts: StreamCounts,
        wall_clock: WallClock,
    ) -> None:
        """Compile the mapping against the stream's schema.

        Not done by the SDK's `setup`, which streams that stream maps remove go through
        as well.

        Raises:
            ConfigError: The mapping does not fit the schema.
        """
        keys, schema = self.key_properties, self.schema
        columns = columns_of(schema)
        self.mapper = compile_mapping(self.stream_name, columns, mapping, keys=keys)
        self._enrich = self.mapper.enrich
        self._enrich_exact = self.mapper.enrich_typed
        self._version = mapping.integration_version
        self._counts = counts
        self._outbox = outbox
        self._wall_clock = wall_clock
        self._max_age = timedelta(days=mapping.max_session_age_days)
        self.takes_lines = all(
            is_plain_name(column.name) for column in self.mapper.columns
        )
        if self.takes_lines:
            self._decode = _line_decoder(self.mapper, is_typed=False)
            self._decode_exact = _line_decoder(self.mapper, is_typed=True)
        for warning in self.mapper.warnings:
            self.logger.warning("%s", warning)

    def line_taker(self, source: Source) -> Callable[[bytes], None]:
        """Give what takes a source's RECORD lines: nothing is decoded but what is sent.

        A function of its own, whose names are bound once and not for every row.
        """
        decode, enrich = self._decode_exact, self._enrich_exact
        counts, place, version = self._counts, self._outbox.place, self._version
        clock, max_age = self._wall_clock, self._max_age
        now, oldest = clock.now, clock.now - max_age

        def take(line: bytes) -> None:
            nonlocal now, oldest
            if clock.now is not now:
                now = clock.now
                oldest = now - max_age
            source.rows += 1
            try:
                outcome = enrich(astuple(decode(line).record), oldest)
            except _NOT_AS_PROMISED:
                origin = Origin(counts, source, source.rows, line)
                self._place(self._decode_freely(origin), origin)
                return
            counts.read += 1
            if isinstance(outcome, str):
                self._drop(outcome)
            else:
                key, enrichment = outcome
                origin = Origin(counts, source, source.rows, line)
                place(key, version, enrichment, origin)

        return take

    def _decode_freely(self, origin: Origin) -> Sequence[Any]:
        """A row whose values are not what the schema promises."""
        try:
            return astuple(self._decode(origin.line).record)
        except DECODE_ERRORS:
            record = decode_record(origin.line, origin.source)
            self._origin = origin
            self._singer_validate_message(record)
            return self._values(record)

    def begin_row(self, source: Source, line: bytes) -> None:
        """Say which row the SDK is about to process."""
        self.got_row = False
        if self.mapper is not None:
            self._origin = Origin(self._counts, source, source.rows, line)

    def process_record(self, record: dict[str, Any], context: dict[str, Any]) -> None:
        """Take a row that went through the SDK, the one that `begin_row` named."""
        _ = context
        if self.mapper is None:
            return
        self.got_row = True
        if self._invalid is not None:
            self._counts.read += 1
            rejection = Rejection("invalid_record", None, self._invalid)
            self._outbox.reject(self._origin, rejection)
        else:
            values = [to_json_value(value) for value in self._values(record)]
            self._place(values, self._origin)

    def process_batch(self, context: dict[str, Any]) -> None:
        """Do nothing: rows go when their batch, which is not the sink's, is full."""

    @property
    def is_full(self) -> bool:
        """Never: the SDK would drain what is not here, and log it every 200 rows."""
        return False

    def get_validator(self) -> BaseJSONSchemaValidator | None:
        """The SDK's validator, but for steps such as 0.01, which floats don't keep."""
        validator = super().get_validator()
        if isinstance(validator, JSONSchemaValidator):
            extend: Any = validators.extend  # has no types
            kind = extend(type(validator.validator), {"multipleOf": _steps})
            validator.validator = kind(
                self.schema, format_checker=validator.validator.format_checker
            )
        return validator

    def clean_up(self) -> None:
        """Do nothing: the SDK's counter would say 0, and the summary says it all."""

    def _values(self, record: dict[str, Any]) -> tuple[Any, ...]:
        assert self.mapper is not None  # noqa: S101 - the callers looked
        return tuple(record.get(column.name) for column in self.mapper.columns)

    def _place(self, values: Sequence[Any], origin: Origin) -> None:
        self._counts.read += 1
        try:
            outcome = self._enrich(values, self._wall_clock.now - self._max_age)
        except UnfitValueError as error:
            rejection = Rejection(error.reason, error.field, error.detail)
            self._outbox.reject(origin, rejection)
            return
        if isinstance(outcome, str):
            self._drop(outcome)
        else:
            self._outbox.place(outcome[0], self._version, outcome[1], origin)

    def _drop(self, reason: str) -> None:
        if not self._counts.dropped[reason]:
            self.logger.info(
                "Dropping rows (%s): expected, so said once and counted", reason
            )
        self._counts.dropped[reason] += 1

    # The SDK's own versions of these two log or raise the row's values.

    def _validate_and_parse(self, record: dict[str, Any]) -> dict[str, Any]:
        """Only validate: date-times go on as text, which our conversions expect."""
        self._invalid = None
        if self._validator is not None:
            try:
                self._validator.validate(record)
            except InvalidRecord as error:
                self._invalid = str(error)
            except (Unresolvable, RecursionError):
                raise InputError(
                    f"stream '{self.stream_name}': its schema has a $ref that leads "
                    "nowhere: correct the tap, or leave validate_records off"
                ) from None
        return record

    def _singer_validate_message(self, record: dict[str, Any]) -> None:
        # The SDK has taken its own columns, which begin like this, out of the row.
        keys = [name for name in self.key_properties if not name.startswith("_sdc_")]
        missing = [name for name in keys if name not in record]
        if missing and self.mapper is not None:
            row = self._origin.where
            msg = f"{row}: has no key property {', '.join(missing)}: correct the tap"
            raise MissingKeyPropertiesError(msg)


def _steps(
    validator: Any, step: Any, value: Any, schema: Any
) -> Iterator[ValidationError]:
    _ = validator, schema
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return
    # Exact however large, which Decimal is not; what is infinite is no multiple.
    if not math.isfinite(value) or Fraction(repr(value)) % Fraction(repr(step)):
        yield ValidationError(f"{value} is not a multiple of {step}")


def _line_decoder(mapper: RowMapper, *, is_typed: bool) -> Callable[[bytes], Any]:
    """A decoder that skips what is not mapped, and fails without what is required."""
    fields: list[Any] = []
    for index, column in enumerate(mapper.columns):
        kind = column.typed
        if not is_typed and kind is not msgspec.Raw:
            kind = Any
        required = column.is_key or (is_typed and column.never_null)
        fields.append((f"f{index}", kind) if required else (f"f{index}", kind, None))
    row = msgspec.defstruct(
        "Row",
        fields,
        rename={f"f{index}": c.name for index, c in enumerate(mapper.columns)},
        kw_only=True,
        gc=False,
    )
    line = msgspec.defstruct("Line", [("record", row)], gc=False)
    return msgspec.json.Decoder(line).decode


def decode_record(line: bytes, source: Source) -> dict[str, Any]:
    """Decode the whole of a source's current row.

    Raises:
        InputError: It is missing or not an object.
    """
    message = decode_leniently(line)
    record = message.get("record") if isinstance(message, dict) else None
    if not isinstance(record, dict):
        where = source.where(source.rows)
        msg = f"{where}: its record is missing or not a JSON object: check the tap"
        raise InputError(msg)
    return record


def to_json_value(value: Any) -> Any:
    """What stream maps made of a value, as JSON would hold it."""
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value) if value.as_tuple().exponent else int(value)
    return value


def name_failing_rows(stream_map: StreamMap, source: Source) -> None:
    """Make a stream map that fails say on which row, and not on what values.

    The SDK lets whatever an expression raises through, values and all.
    """
    transform = stream_map.transform

    def transform_or_explain(record: dict[str, Any]) -> dict[str, Any] | None:
        try:
            return transform(record)
        except Exception as error:  # noqa: BLE001 - an expression may raise anything
            # The SDK's own error repeats the expression, which comes from the config.
            known = isinstance(error, MapExpressionError)
            what = " ".join(str(error).split()) if known else type(error).__name__
            msg = (
                f"{source.where(source.rows)}: an expression in stream_maps fails on "
                f"this row ({what}): make it fit all rows"
            )
            raise ConfigError(msg) from None

    stream_map.transform = transform_or_explain  # type: ignore[method-assign]
