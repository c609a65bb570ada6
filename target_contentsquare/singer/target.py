"""The Singer target as the SDK knows it: settings and wiring."""

from __future__ import annotations

import contextlib
import logging
import os
from collections import Counter
from typing import IO, TYPE_CHECKING, Any, ClassVar

import click
from singer_sdk import Target
from singer_sdk.exceptions import ConfigValidationError
from singer_sdk.helpers._classproperty import classproperty
from singer_sdk.helpers.capabilities import PluginCapabilities, TargetCapabilities
from singer_sdk.singerlib.encoding.base import GenericSingerReader

from target_contentsquare.delivery.wakeup import Wakeup
from target_contentsquare.errors import ConfigError
from target_contentsquare.settings.fault_words import unknown_settings
from target_contentsquare.settings.paths import path_of
from target_contentsquare.settings.plain_config import plain_config
from target_contentsquare.settings.read_streams import schema_files
from target_contentsquare.singer import command
from target_contentsquare.singer.error_lines import one_line_errors
from target_contentsquare.singer.input.reader import LineReader
from target_contentsquare.singer.options.about_text import about_text
from target_contentsquare.singer.options.environment import read_environment
from target_contentsquare.singer.options.host_settings import check_config, host_schema
from target_contentsquare.singer.options.unread_variables import check_unread_variables
from target_contentsquare.singer.run import HostOptions, Run
from target_contentsquare.singer.signals import StopSignal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from types import FrameType

    from singer_sdk.helpers.capabilities import CapabilitiesEnum

    from target_contentsquare.settings.settings import Settings

#: Settings of the SDK that mean nothing for this API, so they are not offered.
_NOT_OFFERED = ("add_record_metadata", "load_method", "faker_config")


class TargetContentsquare(Target):
    """Puts a company's own data on its Contentsquare sessions."""

    name = "target-contentsquare"
    config_jsonschema: ClassVar[dict[str, Any]] = host_schema()
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
        # Whole before the SDK installs its signal handlers.
        self._wakeup = Wakeup()
        self._stop = StopSignal(self._wakeup)
        options["message_reader"] = _RunOfTheTarget(self.run)
        with _without_chatter(self.logger):
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
        run = Run(
            self.settings,
            HostOptions(
                validates=bool(self.config.get("validate_records")),
                batch_storage=self.batch_storage,
                files=(
                    *(("--config", path_of(p, "--config")) for p in config_paths),
                    *schema_files(self.config),
                ),
                resends=resends,
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
    def batch_storage(self) -> Mapping[str, Any] | None:
        """The SDK's `batch_config.storage`: where the files of BATCH messages are."""
        config = self.config.get("batch_config") or {}
        storage: Mapping[str, Any] | None = config.get("storage")
        return storage

    @property
    def user_agent(self) -> str:
        """Name and version, for Contentsquare's logs."""
        return f"{self.name}/{self.plugin_version}"

    # What the SDK calls, in its own signatures

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

    @classmethod
    def warn_of_unread_variables(cls, config: Mapping[str, Any]) -> None:
        """Log the variables that say something else than a config that is in use.

        Raises:
            ConfigError: With this config the run would go where it must not.
        """
        cls.append_builtin_config(cls.config_jsonschema)
        for warning in check_unread_variables(
            config, cls.config_jsonschema, cls._env_var_prefix, os.environ
        ):
            cls.logger.warning(warning)

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


@contextlib.contextmanager
def _without_chatter(log: logging.Logger) -> Iterator[None]:
    """Leave out what the SDK logs at INFO of how it reads the config."""
    level = log.level
    if log.isEnabledFor(logging.INFO) and not log.isEnabledFor(logging.DEBUG):
        log.setLevel(logging.WARNING)
    try:
        yield
    finally:
        log.setLevel(level)


class _RunOfTheTarget(GenericSingerReader[bytes]):
    """Lets the SDK's `listen`, which can't be overridden, do a whole run.

    The SDK would decode each line into a dict and hand it to a sink; a run reads the
    lines itself.
    """

    def __init__(self, run: Callable[[IO[Any] | None], int]) -> None:
        super().__init__()
        self._run = run

    def process_lines(self, file_input: Any, callbacks: Any) -> Counter[str]:
        """Run the target; the log has the counts."""
        _ = callbacks
        self._run(file_input)
        return Counter()

    @property
    def default_input(self) -> Any:
        """Standard input, which the run opens itself."""
        return None

    def deserialize_json(self, line: bytes) -> dict[str, Any]:
        """Never called: the run decodes its lines."""
        raise NotImplementedError
