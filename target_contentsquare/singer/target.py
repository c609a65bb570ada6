"""The Singer target as the SDK knows it: wiring and the command line."""

from __future__ import annotations

import logging
from typing import IO, TYPE_CHECKING, Any

import click

from target_contentsquare.delivery.sending.wakeup import Wakeup
from target_contentsquare.printable import make_printable
from target_contentsquare.report.shown_settings import shown_settings
from target_contentsquare.settings.paths import path_of
from target_contentsquare.settings.reading.streams import schema_files
from target_contentsquare.singer import command
from target_contentsquare.singer.configured_target import (
    ConfiguredTarget,
    without_chatter,
)
from target_contentsquare.singer.error_lines import one_line_errors
from target_contentsquare.singer.input.reader import LineReader
from target_contentsquare.singer.listen import RunOfTheTarget
from target_contentsquare.singer.options.about_text import about_text
from target_contentsquare.singer.results.own_file import check_memory_file
from target_contentsquare.singer.run import HostOptions, Run
from target_contentsquare.singer.signals import StopSignal

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType


_NAME = "target-contentsquare"
_MAPPER_LOG = logging.getLogger("singer_sdk.mapper")
for _log in (logging.getLogger(_NAME), _MAPPER_LOG):
    _log.addFilter(make_printable)


class TargetContentsquare(ConfiguredTarget):
    """Puts a company's own data on its Contentsquare sessions."""

    name = _NAME

    def __init__(self, **options: Any) -> None:
        """Check the settings; nothing is sent and no file is made yet.

        Args:
            options: As for every SDK target.

        Raises:
            ConfigValidationError: Each of its errors names a setting.
        """
        # At DEBUG it logs what filters make of a row's values.
        _MAPPER_LOG.setLevel(logging.INFO)
        # Whole before the SDK installs its signal handlers.
        self._wakeup = Wakeup()
        self._stop = StopSignal(self._wakeup)
        options["message_reader"] = RunOfTheTarget(self.run)
        with without_chatter(self.logger):
            super().__init__(**options)
        for warning in self.settings.warnings:
            self.logger.warning(warning)

    def run(
        self,
        file_input: IO[Any] | None = None,
        config_paths: Sequence[str] = (),
        *,
        resends: bool = False,
    ) -> int:
        """Read the input to its end and see everything through; see `Run.execute`.

        Args:
            file_input: Singer messages; standard input if None.
            config_paths: Of the files that the config was read from.
            resends: Whether rows are sent that the memory says are unchanged.
        """
        files = (
            *(("--config", path_of(p, "--config")) for p in config_paths),
            *schema_files(self.config),
        )
        check_memory_file(self.settings, file_input, files)
        run = Run(
            self.settings,
            HostOptions(
                validates=bool(self.config.get("validate_records")),
                batch_storage=self.batch_storage,
                files=files,
                resends=resends,
                shown_settings=shown_settings(self.config, self.config_jsonschema),
            ),
            self.mapper,
            stop=self._stop,
            wakeup=self._wakeup,
            user_agent=self.user_agent,
            log=self.logger,
            metrics_log=self.metrics_logger,
        )
        return run.execute(file_input)

    def reader(self) -> LineReader:
        """Return a reader of the input for options that send nothing."""
        return LineReader(self._wakeup, self._stop, lambda: None)

    @property
    def user_agent(self) -> str:
        """Name and version, for Contentsquare's logs."""
        return f"{self.name}/{self.plugin_version}"

    # What the SDK calls, in its own signatures

    def process_endofpipe(self) -> None:
        """Do nothing: the run sees everything through, and the SDK holds no rows."""

    def _handle_termination(self, signum: int, frame: FrameType | None) -> None:
        """Only take note; the SDK's own would drain in the middle of a drain."""
        _ = frame
        self._stop.handle(signum)

    # The command line

    @classmethod
    def get_singer_command(cls) -> click.Command:
        """Return the SDK's command with our options added."""
        return command.add_options(super().get_singer_command())

    @classmethod
    def print_about(cls, output_format: str | None = None) -> None:
        """Print what there is to know of the target; as text, with descriptions."""
        if output_format is None:
            click.echo(about_text(cls._get_about_info()))
        else:
            super().print_about(output_format)

    @classmethod
    def cb_config(
        cls, ctx: click.Context, param: click.Option, value: tuple[str, ...]
    ) -> Any:
        """Read the config files, with one line for one that can't be read."""
        _ = ctx, param
        with one_line_errors(cls.logger):
            return command.read_config(value)

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
        resend: bool = False,
        find: str | None = None,
    ) -> None:
        """Do what the options of the command line ask for."""
        if about:
            cls.print_about(about_format)
        else:
            command.run_command(
                cls,
                config,
                file_input,
                command.Asked(test, propose_schema, resend, find),
            )
