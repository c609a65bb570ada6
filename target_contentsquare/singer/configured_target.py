"""The settings of the target, read and checked in the SDK's own signatures."""

from __future__ import annotations

import contextlib
import logging
import os
from typing import TYPE_CHECKING, Any, ClassVar

from singer_sdk import Target
from singer_sdk.exceptions import ConfigValidationError
from singer_sdk.helpers._classproperty import classproperty
from singer_sdk.helpers.capabilities import PluginCapabilities, TargetCapabilities

from target_contentsquare.errors import ConfigError
from target_contentsquare.settings.fault_words import unknown_settings
from target_contentsquare.settings.reading.plain_config import plain_config
from target_contentsquare.singer.options.environment import read_environment
from target_contentsquare.singer.options.host_settings import check_config, host_schema
from target_contentsquare.singer.options.unread_variables import check_unread_variables

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from singer_sdk.helpers.capabilities import CapabilitiesEnum

    from target_contentsquare.settings.settings import Settings

#: Settings of the SDK that mean nothing for this API, so they are not offered.
_NOT_OFFERED = ("add_record_metadata", "load_method", "faker_config")


class ConfiguredTarget(Target):
    """A target with our settings in place of the SDK's."""

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

    @property
    def batch_storage(self) -> Mapping[str, Any] | None:
        """The SDK's `batch_config.storage`: where the files of BATCH messages are."""
        config = self.config.get("batch_config") or {}
        storage: Mapping[str, Any] | None = config.get("storage")
        return storage


@contextlib.contextmanager
def without_chatter(log: logging.Logger) -> Iterator[None]:
    """Leave out what the SDK logs at INFO of how it reads the config."""
    level = log.level
    if log.isEnabledFor(logging.INFO) and not log.isEnabledFor(logging.DEBUG):
        log.setLevel(logging.WARNING)
    try:
        yield
    finally:
        log.setLevel(level)
