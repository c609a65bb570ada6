"""The memory of a run: opened, used, and closed."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, Protocol

from target_contentsquare.delivery.memory.database import open_copy, open_database
from target_contentsquare.delivery.memory.on_its_way import OnItsWay
from target_contentsquare.delivery.memory.recall import Recall
from target_contentsquare.delivery.memory.store import KEPT_SECONDS, Place, Store

if TYPE_CHECKING:
    from collections.abc import Mapping
    from logging import Logger
    from pathlib import Path

    from target_contentsquare.api.signing_in.account import Keyring
    from target_contentsquare.delivery.clock import Clock
    from target_contentsquare.delivery.outbox import Outbox
    from target_contentsquare.mapping.stream_mapping import StreamMapping


class MemorySettings(Protocol):
    """What the settings say of the memory."""

    @property
    def auth_url(self) -> str:
        """Where to sign in."""

    @property
    def keyring(self) -> Keyring:
        """The credentials; without any for a dry run."""

    @property
    def streams(self) -> Mapping[str, StreamMapping]:
        """How rows become enrichments."""

    @property
    def dry_run(self) -> bool:
        """Whether nothing is sent, and so nothing to be remembered."""


class Memory:
    """What a run remembers of those before it.

    Args:
        resends: Whether all rows are sent, whatever is remembered.

    Attributes:
        on_its_way: For the outbox.
    """

    def __init__(
        self,
        store: Store,
        settings: MemorySettings,
        clock: Clock,
        *,
        log: Logger,
        resends: bool,
    ) -> None:
        self._store = store
        self._settings = settings
        self._log = log
        self._resends = resends
        self._is_open = True
        self.on_its_way = OnItsWay(store, clock)

    @classmethod
    def open(
        cls,
        path: Path,
        settings: MemorySettings,
        *,
        clock: Clock,
        log: Logger,
        resends: bool = False,
    ) -> Memory:
        """Open the file; what no session can be enriched with any more is forgotten.

        Raises:
            OutputError: It can't be written, or another run has it.
        """
        connection = (
            open_copy(path) if settings.dry_run else open_database(path, clock.now, log)
        )
        memory = cls(Store(connection, path), settings, clock, log=log, resends=resends)
        try:
            memory._store.forget(memory.on_its_way.now - KEPT_SECONDS)
        except BaseException:
            connection.close()
            raise
        return memory

    def before(self, outbox: Outbox) -> Recall:
        """Return what rows go through before an outbox."""
        return Recall(
            outbox,
            self._store,
            self.on_its_way,
            self._place_of,
            log=self._log,
            gives_numbers=any(
                mapping.is_numbered_by_memory
                for mapping in self._settings.streams.values()
            ),
            resends=self._resends,
        )

    def sync(self) -> None:
        """Make sure that what was delivered so far is remembered after a crash.

        Raises:
            OutputError: The file can't be written, or could not be before.
        """
        if self._is_open or self._store.has_failed:
            self._store.commit()

    def close(self) -> None:
        """Sync, and let another run have the file.

        Raises:
            OutputError: The file can't be written.
        """
        if self._is_open:
            self._is_open = False
            self._store.close()

    def _place_of(self, project_id: int | None) -> Place:
        if project_id is not None:
            return Place(self._settings.auth_url, project_id, "")
        credentials = self._settings.keyring.default
        client_id = credentials.client_id if credentials else ""
        digest = blake2b(client_id.encode(), digest_size=16).hexdigest()
        return Place(self._settings.auth_url, 0, digest)
