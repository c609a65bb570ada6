"""One stream's rows on their way into the pipeline."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from target_contentsquare.delivery.batches import Row
from target_contentsquare.delivery.origin import Origin
from target_contentsquare.delivery.rejects import Rejection
from target_contentsquare.enrichment import Integration
from target_contentsquare.errors import UnfitValueError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from logging import Logger

    from target_contentsquare.delivery.clock import Clock
    from target_contentsquare.delivery.memory.recall import Recall
    from target_contentsquare.delivery.origin import Source
    from target_contentsquare.delivery.outbox import Outbox
    from target_contentsquare.delivery.rejected_rows import RejectedRows
    from target_contentsquare.delivery.summary.summary import StreamCounts
    from target_contentsquare.mapping.compile import MappedColumn, RowMapper
    from target_contentsquare.mapping.stream_mapping import StreamMapping

#: A row as its host has it, such as a line of bytes; opaque to the core.
Raw: TypeAlias = Any

# What shows that a row's values are not of the types that its stream's schema states.
_NOT_TYPED = (
    msgspec.MsgspecError,
    UnicodeDecodeError,
    RecursionError,
    UnfitValueError,
)


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

    def reader(
        self,
        decode: Callable[[Raw], Sequence[Any]],
        decode_untyped: Callable[[Raw], Sequence[Any]],
    ) -> Callable[[Raw], None]:
        """Return the function that reads a row: the hot loop, its names bound once.

        Args:
            decode: Returns a row's values of `columns`, each of the column's type
                `typed`. Raises an error of msgspec for a row that is not so.
            decode_untyped: Returns the values of such a row as they are. It raises an
                `UnfitValueError` for a row that can't be read.
        """
        enrich, put, counts = self._mapper.enrich_typed, self._outbox.put, self._counts
        source, integration = self._source, self._integration
        size_of = source.size_of
        clock, max_age = self._clock, self._max_age
        now, oldest = clock.now, clock.now - max_age

        def read(raw: Raw) -> None:
            nonlocal now, oldest
            if clock.now is not now:
                now = clock.now
                oldest = now - max_age
            source.rows += 1
            try:
                outcome = enrich(decode(raw), oldest)
            except _NOT_TYPED:
                self._put_untyped(decode_untyped, raw)
                return
            counts.read += 1
            if isinstance(outcome, str):
                self._drop(outcome)
            else:
                key, enrichment, started_at = outcome
                size, number = size_of(raw), source.rows
                row = Row(
                    counts, source, number, raw, size, started_at, enrichment=enrichment
                )
                put(key, integration, row)

        return read

    def _put_untyped(self, decode: Callable[[Raw], Sequence[Any]], raw: Raw) -> None:
        try:
            values = decode(raw)
        except UnfitValueError as error:
            self.reject(raw, Rejection(error.reason, error.field, error.detail))
        else:
            self.put(values, raw)

    def put(self, values: Sequence[Any], raw: Raw) -> None:
        """Take the source's current row.

        Args:
            values: Of `columns`, in order, of any type; None where it has none.

        Raises:
            FatalError: The run can't go on.
        """
        try:
            outcome = self._mapper.enrich(values, self._clock.now - self._max_age)
        except UnfitValueError as error:
            more = error.faults[1:]
            self.reject(raw, Rejection(error.reason, error.field, error.detail, more))
            return
        self._counts.read += 1
        if isinstance(outcome, str):
            self._drop(outcome)
        else:
            key, enrichment, started_at = outcome
            place = self._place_of(raw)
            row = Row(*place, started_at, enrichment=enrichment)
            self._outbox.put(key, self._integration, row)

    def drop(self, reason: str) -> None:
        """Take the source's current row, which is expected and not to be sent.

        Args:
            reason: Such as `deleted`; logged once, and counted.
        """
        self._counts.read += 1
        self._drop(reason)

    def reject(self, raw: Raw, rejection: Rejection) -> None:
        """Take the source's current row, which can't be delivered.

        Raises:
            TooManyRejectedError: There is no place for it, or it is one too many.
        """
        self._counts.read += 1
        self._rejected.add(Origin(*self._place_of(raw)), rejection)

    def _place_of(self, raw: Raw) -> tuple[StreamCounts, Source, int, Raw, int]:
        """Return what an `Origin` says of the source's current row."""
        source = self._source
        return self._counts, source, source.rows, raw, source.size_of(raw)

    def _drop(self, reason: str) -> None:
        if not self._counts.dropped[reason]:
            self._log.info(
                "Dropping rows (%s): expected, so said once and counted", reason
            )
        self._counts.dropped[reason] += 1
