"""The settings of a run, checked and frozen: nobody else reads the raw config."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from target_contentsquare.api.safe_url import is_safe_url
from target_contentsquare.api.signing_in.account import Account
from target_contentsquare.errors import ConfigError
from target_contentsquare.settings.max_rejected import MaxRejected
from target_contentsquare.settings.paths import path_of
from target_contentsquare.settings.reading.keyring import read_keyring
from target_contentsquare.settings.reading.streams import read_streams

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from target_contentsquare.api.signing_in.account import Keyring
    from target_contentsquare.mapping.stream_mapping import StreamMapping


@dataclass(frozen=True, slots=True)
class Settings:
    """A run's settings, checked, defaults filled in.

    Attributes:
        streams: Stream name or glob -> mapping, in the order of the config.
        keyring: The credentials; without any for a dry run.
        max_requests_per_second: Of all projects together; None for no limit.
        min_delivered: Fewer rows delivered or unchanged than this end a run with
            exit code 1.
        warnings: What the user should know before the run.
    """

    streams: Mapping[str, StreamMapping]
    keyring: Keyring
    batch_size_rows: int
    max_parallel_requests: int
    max_requests_per_second: float | None
    rejected_path: Path | None
    max_rejected: MaxRejected
    memory_path: Path | None
    retry_rejected: bool
    report_path: Path | None
    min_delivered: int
    max_retry_seconds: float
    request_timeout_seconds: float
    dry_run: bool
    auth_url: str
    oauth_scope: str
    warnings: tuple[str, ...] = ()

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Settings:
        """Return the settings that a config holds, and read the files it names.

        Args:
            config: Fits the JSON schema, and has its defaults: see `check`.

        Raises:
            ConfigError: Names the setting and says what is allowed.
        """
        streams = read_streams(config)
        if not is_safe_url(config["auth_url"]):
            msg = "auth_url: must be an https URL; http only for a sandbox on loopback"
            raise ConfigError(msg)
        memory_path = _path(config, "memory_path")
        rejected_path = _path(config, "rejected_path")
        if memory_path is None:
            _check_numbers(streams)
        if config["retry_rejected"] and None in {memory_path, rejected_path}:
            msg = "retry_rejected: needs rejected_path and memory_path"
            raise ConfigError(msg)
        rate = config.get("max_requests_per_second")
        return cls(
            streams=streams,
            keyring=read_keyring(config, streams.values()),
            batch_size_rows=config["batch_size_rows"],
            max_parallel_requests=config["max_parallel_requests"],
            max_requests_per_second=None if rate is None else float(rate),
            rejected_path=rejected_path,
            max_rejected=MaxRejected.parse(config["max_rejected"]),
            memory_path=memory_path,
            retry_rejected=config["retry_rejected"],
            report_path=_path(config, "report_path"),
            min_delivered=config["min_delivered"],
            max_retry_seconds=float(config["max_retry_seconds"]),
            request_timeout_seconds=float(config["request_timeout_seconds"]),
            dry_run=config["dry_run"],
            auth_url=config["auth_url"],
            oauth_scope=config["oauth_scope"],
            warnings=tuple(_name_warnings(streams)),
        )

    @property
    def accounts(self) -> list[Account]:
        """What a token can be asked for before any row is read, in order of streams.

        For a stream whose rows name their project, these are the projects that have
        credentials of their own.
        """
        accounts = [
            Account(project_id, mapping.integration_id)
            for mapping in self.streams.values()
            for project_id in self._projects_of(mapping)
        ]
        return list(dict.fromkeys(accounts))

    @property
    def named_accounts(self) -> frozenset[Account]:
        """The accounts of streams that name their project, or use the credentials'.

        Of all others, the rows say which project they go to.
        """
        return frozenset(
            Account(mapping.project_id, mapping.integration_id)
            for mapping in self.streams.values()
            if not isinstance(mapping.project_id, str)
        )

    def _projects_of(self, mapping: StreamMapping) -> list[int | None]:
        if isinstance(mapping.project_id, str):
            return [*self.keyring.by_project]
        return [mapping.project_id]

    def mapping_for(self, stream: str) -> StreamMapping | None:
        """Return a stream's mapping: of its exact name, else of the first glob."""
        if stream in self.streams:
            return self.streams[stream]
        matches = (m for glob, m in self.streams.items() if fnmatchcase(stream, glob))
        return next(matches, None)


def _check_numbers(streams: Mapping[str, StreamMapping]) -> None:
    faults = [
        f'{mapping.setting}.enrichment_number: "auto" needs memory_path, where the '
        "numbers are kept"
        for mapping in streams.values()
        if mapping.is_numbered_by_memory
    ]
    if faults:
        raise ConfigError(*faults)


def _path(config: Mapping[str, Any], setting: str) -> Path | None:
    text = config.get(setting)
    return None if text is None else path_of(text, setting)


def _name_warnings(streams: Mapping[str, StreamMapping]) -> Iterator[str]:
    schemas = {id(m.integration_schema): m.integration_schema for m in streams.values()}
    for schema in schemas.values():
        for name in schema.long_names if schema else ():
            yield (
                f"integration_schema: the name '{name}' has over 30 bytes; "
                "Contentsquare's documentation allows 50 in one place and 30 in another"
            )
