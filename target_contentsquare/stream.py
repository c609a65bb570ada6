"""One stream's rows on their way into the pipeline."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeAlias

from target_contentsquare.delivery.batches import Row
from target_contentsquare.delivery.origin import Origin, Together
from target_contentsquare.delivery.rejects import Rejection
from target_contentsquare.enrichment import Integration
from target_contentsquare.errors import UnfitValueError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from logging import Logger

    from target_contentsquare.delivery.clock import Clock
    from target_contentsquare.delivery.memory.recall import Recall
    from target_contentsquare.delivery.origin import Source
    from target_contentsquare.delivery.outbox import Outbox
    from target_contentsquare.delivery.rejected_rows import RejectedRows
    from target_contentsquare.delivery.summary.summary import StreamCounts
    from target_contentsquare.enrichment import Key
    from target_contentsquare.mapping.compile import MappedColumn, RowMapper
    from target_contentsquare.mapping.stream_mapping import StreamMapping

#: A row as its host has it, such as a line of bytes; opaque to the core.
Raw: TypeAlias = Any


class Stream:
    """Maps one stream's rows and hands on what becomes of them.

    A host gets one from `Pipeline.stream`, a new one for each schema of a stream.

    Attributes:
        columns: Those whose values the host has to give, in order.
    """

    def __init__(  # noqa: PLR0913 - made by `Pipeline.stream` only
        self,
        mapper: RowMapper,
        mapping: StreamMapping,
        source: Source,
        counts: StreamCounts,
        *,
        outbox: Outbox | Recall,
        rejected: RejectedRows,
        clock: Clock,
        log: Logger,
    ) -> None:
        self.columns: tuple[MappedColumn, ...] = mapper.columns
        self._mapper = mapper
        self._integration = Integration(
            mapping.integration_version, mapping.integration_id
        )
        self._max_age = timedelta(days=mapping.max_session_age_days)
        self._source = source
        self._counts = counts
        self._outbox = outbox
        self._rejected = rejected
        self._clock = clock
        self._log = log
        self._has_many_projects = mapper.has_many_projects

    @property
    def rows(self) -> int:
        """How many rows have come from its source, under all its schemas."""
        return self._source.rows

    def put_typed(
        self,
        rows: Iterable[Sequence[Any]],
        raw: Raw | Together,
        size: int,
        decode_untyped: Callable[[Raw], Sequence[Any]],
    ) -> None:
        """Take the source's next rows: the hot loop.

        Args:
            rows: The values of `columns` of each, all of the columns' types `typed`.
            raw: The one row as the host has it, or all that came together.
            size: Bytes that each row takes: its share, if they came together.
            decode_untyped: See `put_untyped`.

        Raises:
            FatalError: The run can't go on.
        """
        enrich, counts, source = self._mapper.enrich_typed, self._counts, self._source
        oldest = self._clock.now - self._max_age
        number = first = source.rows
        keys: list[Key] = []
        kept: list[Row] = []
        try:
            for values in rows:
                number += 1
                try:
                    outcome = enrich(values, oldest)
                except UnfitValueError:
                    source.rows = number
                    if (read := self._read_untyped(raw, decode_untyped)) is not None:
                        keys.append(read[0])
                        kept.append(read[1])
                    continue
                if isinstance(outcome, tuple):
                    key, enrichment, start = outcome
                    keys.append(key)
                    kept.append(
                        Row(counts, source, number, raw, size, start, enrichment)
                    )
                else:
                    self.drop(outcome)
            source.rows = number
        finally:
            counts.read += len(kept)
        # All that came together stay in memory as long as one of them is kept, and rows
        # of many projects may wait for long.
        if self._has_many_projects or 2 * len(kept) < number - first:
            for row in kept:
                row.stand_alone()
        if self._has_many_projects:
            for key, row in zip(keys, kept, strict=True):
                self._outbox.put(key, self._integration, row)
        else:
            self._outbox.put_all(keys, self._integration, kept)

    def put_untyped(self, raw: Raw, decode: Callable[[Raw], Sequence[Any]]) -> None:
        """Take the source's next row, whose values are not of the columns' types.

        Args:
            decode: Returns the values of `columns` of a row, as they are. It raises an
                `UnfitValueError` for one that can't be read.

        Raises:
            FatalError: The run can't go on.
        """
        self._source.rows += 1
        self._put_one(self._read_untyped(raw, decode))

    def put(self, values: Sequence[Any], raw: Raw) -> None:
        """Take the source's current row.

        Args:
            values: Of `columns`, in order, of any type; None where it has none.

        Raises:
            FatalError: The run can't go on.
        """
        self._put_one(self._read(values, raw))

    def drop(self, reason: str) -> None:
        """Take the source's current row, which is expected and not to be sent.

        Args:
            reason: Such as `deleted`; logged once, and counted.
        """
        self._counts.read += 1
        if not self._counts.dropped[reason]:
            self._log.info(
                "Dropping rows (%s): expected, so said once and counted", reason
            )
        self._counts.dropped[reason] += 1

    def reject(self, raw: Raw, rejection: Rejection) -> None:
        """Take the source's current row, which can't be delivered.

        Raises:
            TooManyRejectedError: There is no place for it, or it is one too many.
        """
        self._counts.read += 1
        self._rejected.add(Origin(*self._place_of(raw), None), rejection)

    def _put_one(self, kept: tuple[Key, Row] | None) -> None:
        if kept is not None:
            key, row = kept
            self._counts.read += 1
            self._outbox.put(key, self._integration, row)

    def _read_untyped(
        self, raw: Raw | Together, decode: Callable[[Raw], Sequence[Any]]
    ) -> tuple[Key, Row] | None:
        """Return the source's current row; None if it was dropped or rejected."""
        if isinstance(raw, Together):
            raw = raw.row(self._source.rows)
        try:
            values = decode(raw)
        except UnfitValueError as error:
            self.reject(raw, Rejection(error.reason, error.field, error.detail))
            return None
        return self._read(values, raw)

    def _read(self, values: Sequence[Any], raw: Raw) -> tuple[Key, Row] | None:
        """Return the source's current row; None if it was dropped or rejected."""
        try:
            outcome = self._mapper.enrich(values, self._clock.now - self._max_age)
        except UnfitValueError as error:
            more = error.faults[1:]
            self.reject(raw, Rejection(error.reason, error.field, error.detail, more))
            return None
        if isinstance(outcome, str):
            self.drop(outcome)
            return None
        key, enrichment, start = outcome
        return key, Row(*self._place_of(raw), start, enrichment)

    def _place_of(self, raw: Raw) -> tuple[StreamCounts, Source, int, Raw, int]:
        """Return what an `Origin` says of the source's current row."""
        source = self._source
        return self._counts, source, source.rows, raw, source.size_of(raw)
