"""The Singer target: wiring, options, standard output."""

from __future__ import annotations

import gc
import logging
import os
import signal
import sys
import time
from collections import ChainMap
from typing import IO, TYPE_CHECKING, Any, ClassVar

import click
from singer_sdk import Target, metrics
from singer_sdk.exceptions import ConfigValidationError
from singer_sdk.helpers._classproperty import classproperty
from singer_sdk.helpers.capabilities import PluginCapabilities, TargetCapabilities
from singer_sdk.mapper import RemoveRecordTransform
from singer_sdk.plugin_base import _ConfigInput
from singer_sdk.singerlib.encoding.base import SingerMessageType

from target_contentsquare.delivery.outbox import Limits, Outbox
from target_contentsquare.delivery.request_threads import RequestThreads
from target_contentsquare.delivery.retry import RetryPolicy
from target_contentsquare.delivery.summary import Summary
from target_contentsquare.delivery.wakeup import Wakeup, descriptor_of
from target_contentsquare.errors import ConfigError, FatalError
from target_contentsquare.mapping.proposal import Proposal
from target_contentsquare.mapping.times import WallClock, utc_now
from target_contentsquare.mapping.wording import quoted
from target_contentsquare.settings.check import (
    check,
    plain_numbers,
    read_config_file,
    unknown_settings,
)
from target_contentsquare.settings.schema import CONFIG_JSONSCHEMA
from target_contentsquare.singer import connection_check
from target_contentsquare.singer.config_file import read_config_file
from target_contentsquare.singer.environment import read_environment
from target_contentsquare.singer.error_lines import one_line_errors
from target_contentsquare.singer.json_schema import columns_of
from target_contentsquare.singer.reader import LineReader
from target_contentsquare.singer.rejected_file import RejectedFile
from target_contentsquare.singer.sink import ContentsquareSink
from target_contentsquare.singer.stdout import discard_state, write_state
from target_contentsquare.singer.streams import Intake, check_schema_message

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from singer_sdk.helpers.capabilities import CapabilitiesEnum

    from target_contentsquare.settings.settings import Settings

#: Settings of the SDK that mean nothing for this API, so they are not offered.
_NOT_OFFERED = ("add_record_metadata", "load_method", "faker_config")
_TICK_SECONDS = 1.0


class TargetContentsquare(Target):
    """Puts a company's own data on its Contentsquare sessions."""

    name = "target-contentsquare"
    config_jsonschema: ClassVar[dict[str, Any]] = host_schema()
    default_sink_class = ContentsquareSink
    capabilities: ClassVar[list[CapabilitiesEnum]] = [
        PluginCapabilities.ABOUT,
        PluginCapabilities.STREAM_MAPS,
        PluginCapabilities.FLATTENING,
        PluginCapabilities.BATCH,
        PluginCapabilities.STRUCTURED_LOGGING,
        TargetCapabilities.VALIDATE_RECORDS,
    ]

    settings: Settings

    def __init__(self, **options: Any) -> None:
        """Check the settings; nothing is sent and no file is made yet.

        Args:
            options: As for every SDK target.

        Raises:
            ConfigValidationError: Each of its errors names a setting.
        """
        # At DEBUG it logs what filters make of a row's values.
        logging.getLogger("singer_sdk.mapper").setLevel(logging.INFO)
        self._wakeup = Wakeup()
        self._wall_clock = WallClock()
        self._stop_signal: int | None = None
        self._reader = LineReader(self._wakeup, self._tick, _TICK_SECONDS)
        options["message_reader"] = self._reader
        super().__init__(**options)
        # Sinks hold nothing back, so the SDK need not start threads to drain them.
        self.max_parallelism = 1
        self.summary = Summary(time.monotonic)
        self._outbox = self._make_outbox()
        self._intake = Intake(
            self,
            self.settings,
            self._outbox,
            self.summary,
            self._reader,
            wall_clock=self._wall_clock,
            process_record=super()._process_record_message,
            tick=self._tick,
        )
        for warning in self.settings.warnings:
            self.logger.warning(warning)

    # Settings

    @classmethod
    def append_builtin_config(cls, config_jsonschema: dict[str, Any]) -> None:
        """Add the SDK's settings, but for those that would do nothing here."""
        super().append_builtin_config(config_jsonschema)
        for name in _NOT_OFFERED:
            config_jsonschema["properties"].pop(name, None)

    @classproperty
    def _env_var_config(cls) -> dict[str, Any]:  # noqa: N805 - as the SDK's own
        """The SDK reads numbers as text, and names no variable it can't read."""
        cls.append_builtin_config(cls.config_jsonschema)
        return read_environment(cls.config_jsonschema, cls._env_var_prefix)

    def _validate_config(self, *, raise_errors: bool = True) -> list[str]:
        """The SDK's messages repeat the values, secrets included."""
        self.append_builtin_config(self.config_jsonschema)
        schema = self.config_jsonschema
        unknown = unknown_settings(self._config, schema["properties"])
        self._config = plain_config(self._config, schema)
        try:
            self.settings = check_config(self._config, schema)
        except ConfigError as error:
            faults = list(error.faults)
            if raise_errors:
                raise ConfigValidationError(
                    str(error), errors=faults, schema=schema
                ) from None
            return faults
        for warning in unknown:
            self.logger.warning(warning)
        return []

    # Wiring

    def _make_outbox(self) -> Outbox:
        settings = self.settings
        limits = Limits(
            batch_rows=settings.batch_size_rows,
            max_in_flight=settings.max_parallel_requests,
            max_rejected=settings.max_rejected,
            retry=RetryPolicy(settings.max_retry_seconds),
        )
        threads = RequestThreads(limits.max_in_flight)
        self._rejected_file = None
        if settings.rejected_path is not None:
            self._rejected_file = RejectedFile(settings.rejected_path, utc_now)
        if settings.dry_run:
            send = connection_check.sampler(self.logger)
        else:
            send = connection_check.sender(
                settings, self.plugin_version, threads.note_written
            )
        return Outbox(
            send,
            limits,
            self.summary,
            self._rejected_file,
            executor=threads,
            write_state=discard_state if settings.dry_run else write_state,
            clock=time.monotonic,
            sleep=self._sleep,
            notify=self._wakeup.notify,
            logger=self.logger,
        )

    def _sleep(self, seconds: float | None) -> None:
        wait = _TICK_SECONDS if seconds is None else min(seconds, _TICK_SECONDS)
        self._wakeup.sleep(wait)
        self._see_the_time()

    def _tick(self) -> None:
        self._see_the_time()
        self._outbox.tick()

    def _see_the_time(self) -> None:
        self._wall_clock.look()
        if (line := self.summary.progress()) is not None:
            self.logger.info(line)

    # Messages: the SDK's callbacks, called by `LineReader` with what that says

    def _process_schema_message(self, message_dict: dict[str, Any]) -> None:
        self._intake.begin_stream(message_dict, super()._process_schema_message)

    def _process_record_message(  # type: ignore[override]
        self, stream: str
    ) -> None:
        self._intake.miss_schema(stream)

    def _process_batch_message(self, message_dict: dict[str, Any]) -> None:
        """Not the SDK's way, which skips stream maps and validation."""
        config = self.config.get("batch_config") or {}
        self._intake.take_batch(message_dict, config.get("storage"))

    def _process_state_message(  # type: ignore[override]
        self, state: bytes
    ) -> None:
        self._intake.take_state(state)

    def _process_activate_version_message(self, message_dict: dict[str, Any]) -> None:
        """Nothing to do: Contentsquare keeps no versions, and deletes nothing."""

    def _handle_max_record_age(self) -> None:
        """Not the SDK's way, which drains everything: the outbox sends what is old."""

    # The run

    def run(self, file_input: IO[Any] | None = None) -> int:
        """Read to the end and see everything through.

        Returns:
            The exit code: 0, or 128 and the number of the signal that ended the run.

        Raises:
            FatalError: Or an error of the SDK that a user can cause; what is safe has
                been printed.
        """
        self._check_files(file_input)
        try:
            self.listen(file_input)
        except BaseException as error:
            self._outbox.give_up()
            self._report(succeeded=False)
            # A run that was told to stop, and could not deliver all, did stop.
            if self._stop_signal is None or not isinstance(error, FatalError):
                raise
            self.logger.error("%s", error)  # noqa: TRY400 - one line is the point
        else:
            self._report(succeeded=self._stop_signal is None)
        return 0 if self._stop_signal is None else 128 + self._stop_signal

    def _check_files(self, file_input: IO[Any] | None) -> None:
        if self._rejected_file is None:
            return
        self._rejected_file.check()
        descriptor = descriptor_of(file_input or sys.stdin)
        if descriptor is not None and self._rejected_file.is_same_file(descriptor):
            msg = (
                "rejected_path is the file that is read: rows would go round in it; "
                "rename it before feeding it in"
            )
            raise ConfigError(msg)

    def process_endofpipe(self) -> None:
        """Deliver what was read, and print the last state.

        Raises:
            FatalError: Something can't be delivered, or no stream has a mapping.
        """
        if self._stop_signal is not None:
            name = signal.Signals(self._stop_signal).name
            self.logger.warning("%s: delivering what was read, then stopping", name)
        self._intake.check_streams(is_complete=self._stop_signal is None)
        if self._stop_signal is None:
            self._outbox.enable_state()
        self._outbox.finish()
        super().process_endofpipe()

    def _report(self, *, succeeded: bool) -> None:
        self._outbox.close()
        self._wakeup.close()
        if self.settings.dry_run:
            self.logger.info(
                "Dry run: nothing was sent; the rows delivered would have been"
            )
        for line in self.summary.report():
            self.logger.info(line)
        if self._stop_signal is not None:
            name = signal.Signals(self._stop_signal).name
            self.logger.warning("Stopped by %s", name)
        metrics.log(self.metrics_logger, self.summary.metric(succeeded=succeeded))

    def _handle_termination(self, signum: int, frame: FrameType | None) -> None:
        """Only take note, since a handler may come at any point; a second one exits.

        The SDK's own would drain in the middle of whatever is going on.
        """
        _ = frame
        if self._stop_signal is not None:
            os._exit(128 + signum)
        self._stop_signal = signum
        if (outbox := getattr(self, "_outbox", None)) is not None:  # or too early
            outbox.hurry()
        self._reader.stop()

    # Command line

    @classmethod
    def invoke(  # type: ignore[override] # noqa: PLR0913 - one for each option
        cls,
        *,
        about: bool = False,
        about_format: str | None = None,
        config: Any = None,
        file_input: IO[str] | None = None,
        test: bool = False,
        propose_schema: bool = False,
    ) -> None:
        """Run the command, with one line for every error that a user can cause."""
        if about:
            cls.print_about(about_format)
            return
        with one_line_errors(cls.logger):
            cls.print_version(print_fn=cls.logger.info)
            # A proposal sends nothing either, so it needs no credentials.
            changes = {"dry_run": not test} if test or propose_schema else {}
            target = cls(
                config={**(config.config if config else {}), **changes},
                parse_env_config=bool(config and config.parse_env),
            )
            if test:
                connection_check.test(target.settings, target.plugin_version)
            elif propose_schema:
                target.propose_schema(file_input)
            else:
                _tune_interpreter()
                sys.exit(target.run(file_input))

    def propose_schema(self, file_input: IO[Any] | None) -> None:
        """Print the integration schemas that fit the streams read; nothing is sent."""
        proposal = Proposal()
        seen: list[str] = []

        def add(message: dict[str, Any]) -> None:
            stream = check_schema_message(message, self._reader)
            seen.append(stream)
            self.mapper.register_raw_stream_schema(
                stream, message["schema"], message.get("key_properties")
            )
            for one in self.mapper.stream_maps[stream]:
                mapping = self.settings.mapping_for(one.stream_alias)
                if mapping is not None and not isinstance(one, RemoveRecordTransform):
                    # A sink's schema: the SDK takes properties of its own out of it.
                    sink = self.get_sink(
                        one.stream_alias,
                        schema=one.transformed_schema,
                        key_properties=one.transformed_key_properties,
                    )
                    columns = columns_of(sink.schema)
                    proposal.add(one.stream_alias, columns, mapping)

        def ignore(*_: Any) -> None:
            """Only schemas say what there is to propose."""

        callbacks: dict[str, Callable[..., None]] = dict.fromkeys(
            SingerMessageType, ignore
        )
        callbacks[SingerMessageType.SCHEMA] = add
        self._reader.process_lines(file_input, callbacks)
        for note in dict.fromkeys(proposal.notes):
            self.logger.warning(note)
        if not seen or not proposal.documents():
            raise ConfigError(
                f"there is nothing to propose: the input has {quoted(seen)}, and the "
                f"setting 'streams' a mapping for {quoted(self.settings.streams)}"
            )
        click.echo(proposal.to_json())

    @classmethod
    def get_singer_command(cls) -> click.Command:
        """Add our options to the SDK's command."""
        command = super().get_singer_command()
        command.params.extend(
            [
                click.Option(
                    ["--test"],
                    is_flag=True,
                    help="Sign in for every configured project, send nothing, exit.",
                ),
                click.Option(
                    ["--propose-schema"],
                    is_flag=True,
                    help="Print the integration schema to register with "
                    "Contentsquare for the messages read, send nothing, exit.",
                ),
            ]
        )
        return command

    @classmethod
    def cb_config(
        cls, ctx: click.Context, param: click.Option, value: tuple[str, ...]
    ) -> Any:
        """Read the config files, with one line for one that can't be read."""
        with one_line_errors(cls.logger):
            _ = ctx, param
            files = [read_config_file(path) for path in value if path != "ENV"]
            config = dict(ChainMap(*reversed(files)))
            return _ConfigInput(config=config, parse_env="ENV" in value)


def _tune_interpreter() -> None:
    """Save a tenth of the CPU time; only for a process that does nothing else."""
    # Rows make no reference cycles, so these need not be looked for often.
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
