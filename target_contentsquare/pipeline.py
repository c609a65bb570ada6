"""The core's face: rows go in, and become enrichments on Contentsquare's sessions."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from target_contentsquare.api.connection import connect
from target_contentsquare.delivery.clock import Clock
from target_contentsquare.delivery.memory.memory import Memory
from target_contentsquare.delivery.memory.recall import Recall
from target_contentsquare.delivery.origin import Source
from target_contentsquare.delivery.outbox import Limits, Outbox
from target_contentsquare.delivery.rate.project_rate import ProjectRate
from target_contentsquare.delivery.rate.rates import Rates
from target_contentsquare.delivery.rejected_rows import RejectedRows
from target_contentsquare.delivery.sending.dry_run import NotKept, Sampler
from target_contentsquare.delivery.sending.request_threads import RequestThreads
from target_contentsquare.delivery.sending.sender import Sender
from target_contentsquare.delivery.sending.wakeup import Wakeup
from target_contentsquare.delivery.summary.summary import Summary
from target_contentsquare.mapping.compile import compile_mapping
from target_contentsquare.mapping.session_age import warn_of_unknown_starts
from target_contentsquare.report.mapped_stream import MappedStream
from target_contentsquare.report.run_report import RunReport
from target_contentsquare.stream import Stream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from concurrent.futures import Executor
    from logging import Logger

    from target_contentsquare.api.connection import Connection
    from target_contentsquare.delivery.batches import Batch
    from target_contentsquare.delivery.rejects import Rejects
    from target_contentsquare.mapping.columns import Column
    from target_contentsquare.mapping.compile import RowMapper
    from target_contentsquare.settings.settings import Settings

# While nothing happens, what is due is looked for this often.
_TICK_SECONDS = 1.0


def _ignore() -> None:
    """Do nothing: the host keeps no states."""


class Pipeline:
    """Sends rows to Contentsquare as enrichments: in batches, in order, retried.

    One thread drives it. A host opens it, asks for a `Stream` for each schema that it
    meets, puts rows into the streams, calls `tick` while it waits for rows, `flush`
    after the last one, and `close` at the end, also after an error:

        pipeline = Pipeline.open(settings, rejects=None, log=log, user_agent="host/1")
        calls = pipeline.stream("calls", columns)
        for row in rows:
            calls.put(row.values, raw=row)
        pipeline.flush()
        print(pipeline.close().total.delivered)

    Attributes:
        summary: The counts so far.
    """

    def __init__(  # noqa: PLR0913 - each is what a test replaces
        self,
        settings: Settings,
        send: Callable[[Batch], None],
        *,
        connection: Connection | None,
        executor: Executor,
        memory: Memory | None,
        rejects: Rejects | None,
        log: Logger,
        on_settled: Callable[[], None],
        clock: Clock,
        wakeup: Wakeup,
        logs_progress: bool,
    ) -> None:
        self._settings = settings
        self._connection = connection
        self._executor = executor
        self._memory = memory
        self._clock = clock
        self._wakeup = wakeup
        self._log = log
        self._logs_progress = logs_progress
        self._mappers: dict[str, RowMapper] = {}
        is_dry_run = settings.dry_run
        self.summary = Summary(clock.seconds, lambda: clock.now, is_dry_run=is_dry_run)
        self._rejected = RejectedRows(
            NotKept() if is_dry_run else rejects,
            None if is_dry_run else settings.max_rejected.count,
            self.summary,
            log,
        )
        self._outbox = Outbox(
            send,
            Limits(
                batch_rows=settings.batch_size_rows,
                max_in_flight=settings.max_parallel_requests,
            ),
            self._rejected,
            ages=self.summary.ages,
            rates=_rates(settings),
            on_settled=on_settled,
            executor=executor,
            clock=clock.seconds,
            sleep=self._sleep,
            notify=wakeup.notify,
            log=log,
            on_its_way=memory.on_its_way if memory else None,
        )
        self._intake = memory.before(self._outbox) if memory else self._outbox

    @classmethod
    def open(  # noqa: PLR0913 - what a host decides
        cls,
        settings: Settings,
        *,
        rejects: Rejects | None,
        log: Logger,
        user_agent: str,
        on_settled: Callable[[], None] = _ignore,
        before_request: Callable[[], None] = _ignore,
        clock: Clock | None = None,
        wakeup: Wakeup | None = None,
        logs_progress: bool = True,
        resends: bool = False,
    ) -> Pipeline:
        """Return a pipeline that delivers as the settings say; nothing is sent yet.

        Args:
            settings: Checked ones; with `dry_run` nothing is sent at all.
            rejects: Keeps rows that can't be delivered; None: the first one ends the
                run. A dry run keeps none, and goes on.
            log: Gets warnings, progress, and the samples of a dry run.
            user_agent: Name and version of the host, for the HTTP header.
            on_settled: Called after rows were settled, and at least once a second
                while the pipeline waits. What it raises ends the run.
            before_request: Called before each request with rows, in the thread that
                makes it. What it raises ends the run, and the request is not made.
            clock: For tests.
            wakeup: Ends the pipeline's waits, for a host that waits for input as well.
            logs_progress: Whether the log has a line of progress now and then; not
                needed by a host that shows `status`.
            resends: Whether rows are sent that the memory says are unchanged.

        Raises:
            OutputError: The memory can't be used.
        """
        clock = clock or Clock()
        memory = _memory(settings, clock, log, resends=resends)
        threads = RequestThreads(settings.max_parallel_requests)
        connection = None
        if not settings.dry_run:
            connection = connect(
                settings,
                user_agent=user_agent,
                on_written=threads.note_written,
                log=log,
            )
        return cls(
            settings,
            Sender(connection, settings.named_accounts, log, before_request).send
            if connection
            else Sampler(log).send,
            connection=connection,
            executor=threads,
            memory=memory,
            rejects=rejects,
            log=log,
            on_settled=on_settled,
            clock=clock,
            wakeup=wakeup or Wakeup(),
            logs_progress=logs_progress,
        )

    def stream(
        self,
        name: str,
        columns: Sequence[Column],
        *,
        keys: Sequence[str] = (),
        source: Source | None = None,
    ) -> Stream | None:
        """Return what takes the rows of a stream, or None if it has no mapping.

        Args:
            name: What the `streams` setting calls it.
            columns: Those that its rows have.
            keys: Columns that tell its rows apart; a row has to have them.
            source: Names and counts the rows, if they come from elsewhere.

        Raises:
            ConfigError: The mapping does not fit the columns.
        """
        mapping = self._settings.mapping_for(name)
        if mapping is None:
            return None
        mapper = compile_mapping(name, columns, mapping, keys=keys)
        unknown = warn_of_unknown_starts(mapper.mapping)
        if unknown is not None and name not in self.summary.streams:
            self._log.warning("Stream '%s': %s", name, unknown)
        self._mappers[name] = mapper
        for warning in mapper.warnings:
            self._log.warning("%s", warning)
        return Stream(
            mapper,
            mapping,
            source or Source(name),
            self.summary.counts(name),
            outbox=self._intake,
            rejected=self._rejected,
            clock=self._clock,
            log=self._log,
        )

    def tick(self) -> None:
        """Do what is due: retries, batches that waited long enough, progress.

        To be called at least once a second while no rows come.

        Raises:
            FatalError: A batch can't be delivered.
        """
        self._look()
        self._intake.tick()

    @contextlib.contextmanager
    def retrying(self) -> Iterator[None]:
        """Take rows that earlier runs rejected; to be flushed before it ends.

        A row over which something newer was written is left out, and one that is
        rejected again does not count for `max_rejected`. For a run with a memory.
        """
        assert isinstance(self._intake, Recall)  # noqa: S101 - settings demand it
        self._intake.is_retrying = self._rejected.is_retrying = True
        try:
            yield
        finally:
            self._intake.is_retrying = self._rejected.is_retrying = False

    def flush(self) -> None:
        """Send all that was put, and wait until it is settled.

        Raises:
            FatalError: A batch can't be delivered.
        """
        self._intake.flush()
        self.summary.requests = self._outbox.requests

    def hurry(self) -> None:
        """Wait no longer between attempts; may be called in a signal handler."""
        self._outbox.hurry()

    def close(self) -> Summary:
        """Finish the requests in flight, start no others, and return the counts.

        Raises:
            OutputError: The rejected rows, or what was delivered, can't be kept.
        """
        self._outbox.finish()
        self._executor.shutdown(wait=False)
        if self._connection is not None:
            self._connection.close()
        self.summary.requests = self._outbox.requests
        try:
            self._rejected.close()
        finally:
            if self._memory is not None:
                self._memory.close()
        return self.summary

    def status(self) -> str:
        """Return how far the run is and what it waits for, for who watches it."""
        return f"{self.summary.status()}; {self._outbox.status()}"

    def report(
        self, program: str, error: str | None, settings: Mapping[str, Any]
    ) -> RunReport:
        """Return what a report says of a run that was closed.

        Args:
            program: Name and version of the host.
            error: What ended the run; None if it did what it should.
            settings: As they are to be shown: without secrets.
        """
        trouble = self._outbox.trouble
        self._clock.look()
        return RunReport(
            program=program,
            ended_at=self._clock.now,
            error=error,
            summary=self.summary,
            requests=trouble.timeline,
            trouble=tuple(trouble.lines),
            mapping=self.mapping,
            settings=settings,
        )

    @property
    def mapping(self) -> list[MappedStream]:
        """How the rows of each stream so far become enrichments."""
        return [MappedStream.of(*item) for item in self._mappers.items()]

    def sync(self) -> None:
        """Make sure that the memory survives a crash: before a state is printed.

        Raises:
            OutputError: The file can't be written.
        """
        if self._memory is not None:
            self._memory.sync()

    @property
    def position(self) -> int:
        """Enrichments put so far: where a checkpoint stands that covers them all."""
        return self._intake.position

    @property
    def oldest_unsettled(self) -> int:
        """Position of the oldest enrichment that is not settled, else `position`."""
        return self._outbox.oldest_unsettled

    def _sleep(self, seconds: float | None) -> None:
        wait = _TICK_SECONDS if seconds is None else min(seconds, _TICK_SECONDS)
        self._wakeup.sleep(wait)
        self._look()

    def _look(self) -> None:
        self._clock.look()
        if self._connection is not None:
            self._connection.expire()
        if self._logs_progress and (line := self.summary.progress()) is not None:
            self._log.info(line)


def _memory(
    settings: Settings, clock: Clock, log: Logger, *, resends: bool
) -> Memory | None:
    path = settings.memory_path
    if path is None:
        return None
    return Memory.open(path, settings, clock=clock, log=log, resends=resends)


def _rates(settings: Settings) -> Rates:
    return Rates(
        max_in_flight=settings.max_parallel_requests,
        new_rate=lambda: ProjectRate(
            max_in_flight=settings.max_parallel_requests,
            max_per_second=settings.max_requests_per_second,
            max_retry_seconds=settings.max_retry_seconds,
        ),
    )
