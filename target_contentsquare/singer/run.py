"""One run: the input is read to its end, and everything is seen through."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any

from target_contentsquare.api.http.foreign_logs import hold_back_foreign_logs
from target_contentsquare.delivery.clock import Clock, utc_now
from target_contentsquare.delivery.summary.outcome import check_outcome
from target_contentsquare.errors import FatalError, OutputError
from target_contentsquare.pipeline import Pipeline
from target_contentsquare.report.write_report import write_report
from target_contentsquare.singer.error_lines import line_for
from target_contentsquare.singer.input.reader import LineReader
from target_contentsquare.singer.intake import Intake
from target_contentsquare.singer.report import log_report
from target_contentsquare.singer.results.own_file import check_files
from target_contentsquare.singer.results.rejected_file import RejectedFile
from target_contentsquare.singer.results.retry import Retry
from target_contentsquare.singer.results.state import StateKeeper
from target_contentsquare.singer.results.stdout import discard_state, write_state
from target_contentsquare.singer.results.taken_file import TakenError
from target_contentsquare.singer.streams.streams import Streams
from target_contentsquare.singer.terminal import live_line, tell_of_typed_input

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from logging import Logger
    from pathlib import Path

    from singer_sdk.mapper import PluginMapper

    from target_contentsquare.delivery.sending.wakeup import Wakeup
    from target_contentsquare.settings.settings import Settings
    from target_contentsquare.singer.results.taken_file import TakenFile
    from target_contentsquare.singer.signals import StopSignal


@dataclass(frozen=True, slots=True)
class HostOptions:
    """Settings that are the Singer host's and not the core's.

    Attributes:
        validates: Whether whole rows are checked against their stream's schema.
        batch_storage: The SDK's `batch_config.storage`.
        files: What settings were read from: the name of the setting or option, and the
            path.
        resends: Whether rows are sent that the memory says are unchanged.
        shown_settings: All settings as a report shows them: without secrets.
    """

    validates: bool = False
    batch_storage: Mapping[str, Any] | None = None
    files: Sequence[tuple[str, Path]] = ()
    resends: bool = False
    shown_settings: Mapping[str, Any] = field(default_factory=dict)


class Run:
    """Puts a tap's rows into a pipeline and prints the states that are safe."""

    def __init__(  # noqa: PLR0913 - what the command line has made ready
        self,
        settings: Settings,
        options: HostOptions,
        mapper: PluginMapper,
        *,
        stop: StopSignal,
        wakeup: Wakeup,
        user_agent: str,
        log: Logger,
        metrics_log: Logger,
    ) -> None:
        hold_back_foreign_logs()
        self._settings = settings
        self._options = options
        self._stop = stop
        self._wakeup = wakeup
        self._log = log
        self._metrics_log = metrics_log
        self._user_agent = user_agent
        self._clock = Clock()
        self._live_line = live_line(log, self._clock.seconds)
        self._rejected = _rejected_file(settings, self._clock)
        self._states = StateKeeper(
            discard_state if settings.dry_run else write_state,
            sync=self._sync,
            oldest_unsettled=lambda: self._pipeline.oldest_unsettled,
            clock=self._clock.seconds,
        )
        self._pipeline = Pipeline.open(
            settings,
            rejects=self._rejected,
            log=log,
            user_agent=user_agent,
            on_settled=self._show_and_print_state,
            clock=self._clock,
            wakeup=wakeup,
            logs_progress=self._live_line is None,
            resends=options.resends,
        )
        self._mapper = mapper
        self._streams = self._new_streams()
        self._reader = LineReader(wakeup, stop, self._tick)
        self._intake = Intake(
            self._reader,
            self._streams,
            self._states,
            self._pipeline,
            batch_storage=options.batch_storage,
            stop=stop,
            clock=self._clock,
            tick=self._tick,
            log=log,
        )
        stop.watch(self._pipeline.hurry)

    def execute(self, file_input: IO[Any] | None = None) -> int:
        """Read to the end and see everything through.

        Args:
            file_input: Singer messages; standard input if None.

        Returns:
            The exit code: 0, or 128 and the number of the signal that ended the run.

        Raises:
            FatalError: Or an error of the SDK that a user can cause; what is safe has
                been printed.
        """
        try:
            check_files(self._settings, self._rejected, file_input, self._options.files)
        except FatalError:
            self._pipeline.close()
            raise
        tell_of_typed_input(file_input, self._log)
        try:
            self._retry_rejected()
            self._intake.read(file_input)
            self._finish()
            self._check_outcome()
        except BaseException as error:
            self._close(error)
            # A run that was told to stop, and could not deliver all, did stop.
            if self._stop.number is None or not isinstance(error, FatalError):
                raise
            self._log.error("%s", error)
        else:
            self._close(None)
        return self._stop.exit_code

    def _retry_rejected(self) -> None:
        """Try again what earlier runs rejected; a dry run leaves the file alone."""
        settings, rejected = self._settings, self._rejected
        if not settings.retry_rejected or settings.dry_run or rejected is None:
            return
        try:
            taken = rejected.take_aside()
        except TakenError:
            self._log.info("Another run is trying the rejected rows again")
            return
        if taken is not None:
            with taken.file:
                self._retry(rejected, taken)

    def _retry(self, rejected: RejectedFile, taken: TakenFile) -> None:
        self._log.info("Trying the rejected rows of earlier runs again")
        retry = Retry(
            rejected,
            self._pipeline,
            streams=self._new_streams(is_retried=True),
            reader=LineReader(self._wakeup, self._stop, self._tick),
            log=self._log,
        )
        retry.execute(taken)
        if self._stop.number is None:
            self._sync()
            taken.path.unlink(missing_ok=True)

    def _new_streams(self, *, is_retried: bool = False) -> Streams:
        return Streams(
            self._pipeline,
            self._settings,
            self._mapper,
            validates=self._options.validates,
            log=self._log,
            is_retried=is_retried,
        )

    def _sync(self) -> None:
        """Make safe what a state relies on: rejected rows, and the memory."""
        if self._rejected is not None:
            self._rejected.sync()
        self._pipeline.sync()

    def _tick(self) -> None:
        self._pipeline.tick()
        self._show_and_print_state()

    def _show_and_print_state(self) -> None:
        if self._live_line is not None:
            self._live_line.draw(self._status)
        self._states.print_due()

    def _status(self) -> str:
        waits = self._reader.waits and self._stop.number is None
        return f"{self._pipeline.status()}{'; waiting for input' if waits else ''}"

    def _finish(self) -> None:
        """Deliver what was read, and print the last state."""
        if self._stop.number is None:
            lines = self._reader.lines
            self._log.info("The input has ended after %d lines", lines)
            self._streams.check_at_end()
            # An input without streams may have a state.
            self._states.enable()
        else:
            name = self._stop.name
            self._log.warning("%s: delivering what was read, then stopping", name)
        self._pipeline.flush()
        self._states.print_newest()

    def _check_outcome(self) -> None:
        """Fail a whole run that has not done what is expected, after its last state."""
        if self._stop.number is None and not self._settings.dry_run:
            check_outcome(self._pipeline.summary, self._settings)

    def _close(self, error: BaseException | None) -> None:
        """Let go of everything, and tell what became of the rows, whatever happens.

        Raises:
            OutputError: The rejected rows, or what was delivered, can't be kept, and
                this is the first error of the run.
        """
        if self._live_line is not None:
            self._live_line.close()
        failure = self._close_pipeline()
        self._wakeup.close()
        # What went wrong first is the error of the run.
        first = error or failure
        log_report(
            self._pipeline.summary,
            self._stop,
            error=first,
            are_kept=failure is None,
            settings=self._settings,
            log=self._log,
            metrics_log=self._metrics_log,
        )
        self._write_report(first)
        if failure is not None:
            if failure is first:
                raise failure
            if str(failure) != str(first):
                self._log.warning("%s", failure)

    def _close_pipeline(self) -> FatalError | None:
        """Close the pipeline and print the last state; return why it can't be closed.

        Then no state is printed: rows that it covers may have been lost.
        """
        try:
            self._pipeline.close()
        except FatalError as failure:
            return failure
        # Whatever ended the run is the error to tell.
        with contextlib.suppress(FatalError):
            self._states.print_newest()
        return None

    def _write_report(self, error: BaseException | None) -> None:
        """Write the report, if there is to be one; no delivery depends on it."""
        path = self._settings.report_path
        if path is None or self._settings.dry_run:
            return
        stopped = f"stopped by {self._stop.name}" if self._stop.name else None
        reason = stopped if error is None else line_for(error)
        report = self._pipeline.report(
            self._user_agent, reason, self._options.shown_settings
        )
        try:
            write_report(report, path)
        except OutputError as failure:
            self._log.warning("%s", failure)


def _rejected_file(settings: Settings, clock: Clock) -> RejectedFile | None:
    path = settings.rejected_path
    if path is None or settings.dry_run:
        return None
    return RejectedFile(path, utc_now, clock.started_at)
