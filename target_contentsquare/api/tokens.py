"""A token per project: asked for once, renewed early, shared by all requests."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from target_contentsquare.errors import (
    AuthenticationError,
    ContentsquareTargetError,
    RetryableError,
    TokenRefusedError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Token:
    """Leave to send to one project, at the endpoint where that project lives."""

    value: str = field(repr=False)
    endpoint: str
    project_id: int
    renew_at: float
    expires_at: float


class _Slot:
    """One project's token, and the lock under which it is renewed."""

    __slots__ = ("attempts", "failure", "lock", "token")

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.token: Token | None = None
        self.attempts = 0
        self.failure: ContentsquareTargetError | None = None


class Tokens:
    """The tokens of a run, by project. May be used by many threads.

    Args:
        sign_in: Asks for a project's token, such as `TokenClient.sign_in`.
        clock: The clock that `Token.renew_at` is read on.
    """

    def __init__(
        self, sign_in: Callable[[int | None], Token], clock: Callable[[], float]
    ) -> None:
        self._sign_in = sign_in
        self._clock = clock
        self._slots: dict[Hashable, _Slot] = {}

    def call(self, project_id: int | None, request: Callable[[Token], T]) -> T:
        """Make a request with the project's token, and once more if that is refused.

        Raises:
            AuthenticationError: A fresh token is refused as well, or none is given.
            RetryableError: The token endpoint is in trouble.
        """
        token = self.get(project_id)
        try:
            return request(token)
        except TokenRefusedError:
            fresh = self.get(project_id, refused=token)
        try:
            return request(fresh)
        except TokenRefusedError:
            msg = (
                f"Contentsquare refuses a fresh token for project {fresh.project_id} "
                "(HTTP 401 twice): check that the credentials are meant for the "
                "Enrichment API (oauth_scope)"
            )
            raise AuthenticationError(msg) from None

    def get(self, project_id: int | None, *, refused: Token | None = None) -> Token:
        """Give the project's token, a new one if it is about to expire or was refused.

        Those who wait while another asks share what it gets, a failure too: a token
        endpoint in trouble sees one request, not one for each batch in flight.
        """
        slot = self._slots.setdefault(project_id, _Slot())
        attempts = slot.attempts
        with slot.lock:
            if slot.token is not None and slot.token == refused:
                slot.token = None
            if slot.token is None or self._clock() >= slot.token.renew_at:
                if slot.attempts == attempts:
                    self._renew(slot, project_id)
                if slot.failure is not None and not self._is_good_for_now(slot):
                    raise slot.failure
            assert slot.token is not None  # noqa: S101 - there is one, or a failure
            return slot.token

    def _is_good_for_now(self, slot: _Slot) -> bool:
        """Trouble at the token endpoint is none while the old token lasts."""
        return (
            isinstance(slot.failure, RetryableError)
            and slot.token is not None
            and self._clock() < slot.token.expires_at
        )

    def _renew(self, slot: _Slot, project_id: int | None) -> None:
        slot.failure = None
        try:
            slot.token = self._sign_in(project_id)
        except ContentsquareTargetError as error:
            slot.failure = error
        finally:
            # At its end, so that all who came while it went on see that it was made.
            slot.attempts += 1
