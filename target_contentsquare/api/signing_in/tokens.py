"""The tokens of a run: asked for once, renewed early, shared by all requests."""

from __future__ import annotations

import copy
import threading
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

from target_contentsquare.errors import (
    AuthenticationError,
    ContentsquareTargetError,
    FatalError,
    RetryableError,
    TokenRefusedError,
)

if TYPE_CHECKING:
    from collections.abc import Callable

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")

# A fresh token may not be known everywhere at once: it is tried for so long, with waits
# that double from the first to the longest.
_FRESH_SECONDS = 10.0
_FIRST_WAIT_SECONDS = 0.25
_LONGEST_WAIT_SECONDS = 2.0
# Between attempts to renew a token that is still good, unless the endpoint asks for
# another wait; doubles from the first to the longest.
_FIRST_RENEWAL_WAIT_SECONDS = 1.0
_LONGEST_RENEWAL_WAIT_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Token:
    """Leave to send to one project, at the endpoint where that project lives.

    All times are on the clock of `Tokens`.
    """

    value: str = field(repr=False)
    endpoint: str
    project_id: int
    renew_at: float
    expires_at: float
    asked_at: float = 0.0


def run_in_thread(call: Callable[[], None]) -> None:
    """Run something beside the current thread; it does not keep the program alive."""
    threading.Thread(target=call, name="renewal", daemon=True).start()


class _Slot:
    """One account's token, and what became of the last attempts to get one.

    Attributes:
        lock: Held by who asks for a token, until the answer has been stored.
        attempts: Requests for a token that have come to their end.
        failure: Of the last one.
        failures: In a row.
        wait_until: When a token may be asked for again.
    """

    __slots__ = ("attempts", "failure", "failures", "lock", "token", "wait_until")

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.token: Token | None = None
        self.attempts = 0
        self.failure: ContentsquareTargetError | None = None
        self.failures = 0
        self.wait_until = float("-inf")


class Tokens(Generic[K]):
    """The tokens of a run, by account. For many threads.

    Args:
        sign_in: Asks for an account's token, such as `TokenClient.sign_in`; accounts
            are whatever it takes.
        clock: Seconds that only go forward.
        pause: Waits for the seconds given, in the current thread; returns True if the
            run can't wait for that.
        run_aside: Runs the renewal of a token that is still good, so that no batch
            waits for it.
    """

    def __init__(
        self,
        sign_in: Callable[[K], Token],
        clock: Callable[[], float],
        *,
        pause: Callable[[float], bool],
        run_aside: Callable[[Callable[[], None]], None] = run_in_thread,
    ) -> None:
        self._sign_in = sign_in
        self._clock = clock
        self._pause = pause
        self._run_aside = run_aside
        self._slots: dict[K, _Slot] = {}

    def call(self, account: K, request: Callable[[Token], T]) -> T:
        """Make a request with the account's token; with a new one if that is refused.

        A new token is one that was asked for after the refusal. If it is refused too,
        the request is made again for up to 10 seconds.

        Raises:
            AuthenticationError: A new token is refused as well, or none is given.
            RetryableError: The token endpoint is in trouble.
        """
        token = self.get(account)
        refused_at: float | None = None
        while refused_at is None or token.asked_at < refused_at:
            try:
                return request(token)
            except TokenRefusedError:
                refused_at = self._clock()
            token = self.get(account, refused=token)
        return self._call_with_new(token, request)

    def _call_with_new(self, token: Token, request: Callable[[Token], T]) -> T:
        give_up_at = self._clock() + _FRESH_SECONDS
        wait = _FIRST_WAIT_SECONDS
        while True:
            try:
                return request(token)
            except TokenRefusedError:
                left = give_up_at - self._clock()
            if left <= 0:
                raise AuthenticationError(
                    "Contentsquare refuses a fresh token for project "
                    f"{token.project_id} (HTTP 401 twice): check that the credentials "
                    "are meant for the Enrichment API (oauth_scope, integration_id)"
                )
            if self._pause(min(wait, left)):
                raise RetryableError(
                    "Contentsquare refuses a fresh token", cause="HTTP 401"
                )
            wait = min(2 * wait, _LONGEST_WAIT_SECONDS)

    def get(self, account: K, *, refused: Token | None = None) -> Token:
        """Return the account's token; a new one if there is no good one.

        One thread asks for it. Those who wait meanwhile share what it gets, a failure
        too: a token endpoint in trouble sees one request at a time.

        Args:
            refused: A token that is not good any more.

        Raises:
            RetryableError: The token endpoint is in trouble.
            FatalError: No token is given.
        """
        slot = self._slots.setdefault(account, _Slot())
        token = slot.token
        if token is not None and token != refused and self._is_good(token):
            if self._clock() >= token.renew_at:
                self._renew_aside(slot, account, token)
            return token
        attempts = slot.attempts
        with slot.lock:
            token = slot.token
            if token is None or token == refused or not self._is_good(token):
                slot.token = None
                if slot.attempts == attempts:
                    self._check_wait(slot)
                    self._ask(slot, account)
            if slot.token is None:
                assert slot.failure is not None  # noqa: S101 - or there is a token
                raise copy.copy(slot.failure)
            return slot.token

    def _is_good(self, token: Token) -> bool:
        return self._clock() < token.expires_at

    def _check_wait(self, slot: _Slot) -> None:
        """Raise the last failure again while the wait that it asked for lasts."""
        left = slot.wait_until - self._clock()
        failure = slot.failure
        if isinstance(failure, RetryableError) and failure.retry_after and left > 0:
            raise _with_wait(failure, left)

    def _renew_aside(self, slot: _Slot, account: K, token: Token) -> None:
        """Have a token renewed, if no other thread does and it is time."""
        if isinstance(slot.failure, FatalError):
            raise copy.copy(slot.failure)
        if self._clock() < slot.wait_until or not slot.lock.acquire(blocking=False):
            return
        if slot.token is not token:  # another thread was faster
            slot.lock.release()
            return

        def renew() -> None:
            try:
                self._ask(slot, account)
            finally:
                slot.lock.release()

        try:
            self._run_aside(renew)
        except RuntimeError:  # there is no thread to be had; the next one tries
            slot.lock.release()

    def _ask(self, slot: _Slot, account: K) -> None:
        """Ask for a token, in the thread that holds the slot's lock."""
        try:
            slot.token = self._sign_in(account)
            slot.failure, slot.failures = None, 0
            slot.wait_until = float("-inf")
        except ContentsquareTargetError as error:
            slot.failure = error.with_traceback(None)  # its frames hold a batch
            slot.failures += 1
            slot.wait_until = self._clock() + _wait_after(error, slot.failures)
        finally:
            # At its end, so that all who came while it went on see that it was made.
            slot.attempts += 1


def _with_wait(failure: RetryableError, seconds: float) -> RetryableError:
    again = copy.copy(failure)
    again.retry_after = seconds
    return again


def _wait_after(error: ContentsquareTargetError, failures: int) -> float:
    """Return for how many seconds no token is to be asked for."""
    if isinstance(error, RetryableError) and error.retry_after is not None:
        return error.retry_after
    doubled = _FIRST_RENEWAL_WAIT_SECONDS * 2.0 ** min(failures - 1, 10)
    return min(doubled, _LONGEST_RENEWAL_WAIT_SECONDS)
