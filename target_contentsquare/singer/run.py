"""One run: the input is read to its end, and everything is seen through."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

from singer_sdk.exceptions import RecordsWithoutSchemaException

from target_contentsquare.api.http.foreign_logs import hold_back_foreign_logs
from target_contentsquare.delivery.clock import Clock, utc_now
from target_contentsquare.delivery.summary.outcome import check_outcome
from target_contentsquare.errors import FatalError, OutputError
from target_contentsquare.pipeline import Pipeline
from target_contentsquare.report.write_report import write_report
from target_contentsquare.singer.error_lines import line_for
from target_contentsquare.singer.input.batch_files import batch_lines
from target_contentsquare.singer.input.reader import LineReader
from target_contentsquare.singer.report import log_report
from target_contentsquare.singer.results.own_file import (
    check_memory_file,
    check_own_file,
    check_report_file,
)
from target_contentsquare.singer.results.rejected_file import RejectedFile
from target_contentsquare.singer.results.retry import Retry
from target_contentsquare.singer.results.state import StateKeeper
from target_contentsquare.singer.results.stdout import discard_state, write_state
from target_contentsquare.singer.streams.streams import Streams
from target_contentsquare.singer.terminal import live_line, tell_of_typed_input

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from logging import Logger
    from pathlib import Path

    from singer_sdk.mapper import PluginMapper

    from target_contentsquare.delivery.sending.wakeup import Wakeup
    from target_contentsquare.report.run_report import RunReport
    from target_contentsquare.settings.settings import Settings
    from target_contentsquare.singer.input.reader import Message
    from target_contentsquare.singer.signals import StopSignal

_ROWS_BETWEEN_TICKS = 256


@dataclass(frozen=True, slots=True)
class HostOptions:
    """Settings that are the Singer host's and not the core's.

    Attributes:
        validates: Whether whole rows are checked against their stream's schema.
        batch_storage: The SDK's `batch_config.storage`.
        files: What settings were read from: the name of the setting or option, and the
            path.
        resends: Whether rows are sent that the memory says are unchanged.
    """

    validates: bool = False
    batch_storage: Mapping[str, Any] | None = None
    files: Sequence[tuple[str, Path]] = ()
    resends: bool = False


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
        self._had_null_state = False
        self._clock = Clock()
        self._live_line = live_line(log, self._clock.seconds)
        self._rejected = _rejected_file(settings, self._clock)
        self._states = StateKeeper(
            discard_state if settings.dry_run else write_state,
            sync=self._sync,
            clock=self._clock.seconds,
        )
        check_memory_file(settings.memory_path, options.files)
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
            self._check_files(file_input)
        except FatalError:
            self._pipeline.close()
            raise
        tell_of_typed_input(file_input, self._log)
        try:
            self._retry_rejected()
            self._read(file_input)
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

    def _check_files(self, file_input: IO[Any] | None) -> None:
        settings = self._settings
        files = [*self._options.files]
        if settings.memory_path is not None:
            files.append(("memory_path", settings.memory_path))
        if self._rejected is not None:
            self._rejected.check()
            check_own_file(self._rejected, file_input, files)
        if settings.report_path is not None and not settings.dry_run:
            if settings.rejected_path is not None:
                files.append(("rejected_path", settings.rejected_path))
            check_report_file(settings.report_path, file_input, files)

    def _retry_rejected(self) -> None:
        """Try again what earlier runs rejected; a dry run leaves the file alone."""
        settings, rejected = self._settings, self._rejected
        if not settings.retry_rejected or settings.dry_run or rejected is None:
            return
        path = rejected.take_aside()
        if path is None:
            return
        self._log.info("Trying the rejected rows of earlier runs again")
        retry = Retry(
            rejected,
            self._pipeline,
            streams=self._new_streams(),
            reader=LineReader(self._wakeup, self._stop, self._tick),
            log=self._log,
        )
        retry.execute(path)
        if self._stop.number is None:
            self._sync()
            path.unlink()

    def _new_streams(self) -> Streams:
        return Streams(
            self._pipeline,
            self._settings,
            self._mapper,
            validates=self._options.validates,
            log=self._log,
        )

    def _read(self, file_input: IO[Any] | None) -> None:
        for message in self._reader.messages(file_input, self._streams.takers):
            if message.type == "SCHEMA":
                self._begin_stream(message)
            elif message.type == "RECORD":
                raise _missing_schema(message)
            elif message.type == "STATE":
                self._take_state(message)
            elif message.type == "BATCH":
                self._take_batch(message)
            # Contentsquare keeps no versions of a table, and deletes nothing.
            elif message.type != "ACTIVATE_VERSION":
                raise message.error(f"unknown message type '{message.type:.40}'")

    def _begin_stream(self, message: Message) -> None:
        self._streams.begin(message)
        if self._streams.has_mapped:
            self._states.enable()

    def _take_state(self, message: Message) -> None:
        if not message.value:
            raise message.error("a STATE has no 'value'")
        if message.value == b"null":
            self._pass_over_null_state(message)
            return
        try:
            message.value.decode()
        except UnicodeDecodeError:
            raise message.error("a STATE is not valid UTF-8") from None
        self._states.take(message.value, self._pipeline.position)
        self._print_due_state()

    def _pass_over_null_state(self, message: Message) -> None:
        """Warn once: a run that began at null would read everything again."""
        if not self._had_null_state:
            self._log.warning(
                "line %d of the input: a STATE is null: it is passed over, and the "
                "state before it stays",
                message.number,
            )
        self._had_null_state = True

    def _take_batch(self, message: Message) -> None:
        """Take each row of the files as if it had come in a RECORD message.

        The files of a stream without a mapping are not opened.
        """
        take = self._streams.takers.get(message.stream)
        if take is None:
            raise _missing_schema(message)
        if not self._streams.is_read(message.stream):
            return
        lines = batch_lines(message.decode(), self._options.batch_storage)
        for number, line in enumerate(lines, start=1):
            self._clock.look()  # a file may be slow to come
            if self._stop.number is not None:
                return
            take(line)
            if number % _ROWS_BETWEEN_TICKS == 0:
                self._tick()

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
        self._print_due_state()

    def _status(self) -> str:
        waits = self._reader.waits and self._stop.number is None
        return f"{self._pipeline.status()}{'; waiting for input' if waits else ''}"

    def _print_due_state(self) -> None:
        if self._states.is_due:
            self._states.print_newest(self._pipeline.oldest_unsettled)

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
        self._states.print_newest(self._pipeline.oldest_unsettled)

    def _check_outcome(self) -> None:
        """Fail a whole run that has not done what is expected, after its last state."""
        if self._stop.number is None and not self._settings.dry_run:
            check_outcome(self._pipeline.summary, self._settings)

    def _close(self, error: BaseException | None) -> None:
        if self._live_line is not None:
            self._live_line.close()
        summary = self._pipeline.close()
        # Whatever ended the run is the error to tell.
        with contextlib.suppress(FatalError):
            self._states.print_newest(self._pipeline.oldest_unsettled)
        self._wakeup.close()
        log_report(
            summary,
            self._stop,
            succeeded=error is None,
            dry_run=self._settings.dry_run,
            rejected_path=self._settings.rejected_path,
            log=self._log,
            metrics_log=self._metrics_log,
        )
        if self._settings.report_path is not None and not self._settings.dry_run:
            stopped = f"stopped by {self._stop.name}" if self._stop.name else None
            reason = stopped if error is None else line_for(error)
            report = self._pipeline.report(self._user_agent, reason)
            self._write_report(report, self._settings.report_path)

    def _write_report(self, report: RunReport, path: Path) -> None:
        """Write the report; what was delivered does not hang on it."""
        try:
            write_report(report, path)
        except OutputError as error:
            self._log.warning("%s", error)


def _rejected_file(settings: Settings, clock: Clock) -> RejectedFile | None:
    path = settings.rejected_path
    if path is None or settings.dry_run:
        return None
    return RejectedFile(path, utc_now, clock.started_at)


def _missing_schema(message: Message) -> RecordsWithoutSchemaException:
    return RecordsWithoutSchemaException(
        f"line {message.number} of the input: a row of stream '{message.stream}' comes "
        "before its SCHEMA: check the tap"
    )
