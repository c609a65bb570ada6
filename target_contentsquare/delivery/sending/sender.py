"""Who sends a batch: the account it is for, and what it means if there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from target_contentsquare.api.signing_in.account import Account
from target_contentsquare.errors import BatchUndeliverableError, ProjectNotCoveredError

if TYPE_CHECKING:
    from collections.abc import Callable
    from collections.abc import Set as AbstractSet
    from logging import Logger

    from target_contentsquare.api.connection import Connection
    from target_contentsquare.delivery.batches import Batch


class Sender:
    """Sends batches over a connection. For many threads.

    Args:
        named: The accounts that the settings name. If the credentials don't cover one
            of them, that ends the run. If they don't cover another, its rows are to
            blame, and a token is not asked for again.
        log: Told of each account that is not covered.
        before_request: Called before each batch, in the thread that sends it. What it
            raises ends the run, and the batch is not sent.
    """

    def __init__(
        self,
        connection: Connection,
        named: AbstractSet[Account],
        log: Logger,
        before_request: Callable[[], None],
    ) -> None:
        self._connection = connection
        self._before_request = before_request
        self._covered = set(named)
        self._log = log
        self._not_covered: dict[Account, str] = {}

    def send(self, batch: Batch) -> None:
        """Send a batch.

        Raises:
            BatchUndeliverableError: The credentials don't cover a project that only
                rows name.
            ContentsquareTargetError: See `Connection.send`.
        """
        self._before_request()
        account = Account(batch.project_id, batch.integration.id)
        detail = self._not_covered.get(account)
        if detail is None:
            detail = self._try(account, batch)
        if detail is not None:
            raise BatchUndeliverableError("invalid_project_id", "project_id", detail)

    def _try(self, account: Account, batch: Batch) -> str | None:
        """Send a batch; return why the credentials don't cover its project, if so."""
        version = batch.integration.version
        try:
            self._connection.send(account, version, batch.encoded())
        except ProjectNotCoveredError as error:
            if account in self._covered:
                raise
            self._log.warning("%s. The rows for this project are rejected", error)
            return self._not_covered.setdefault(account, str(error))
        self._covered.add(account)
        return None
