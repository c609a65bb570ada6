"""Connections of the HTTP library that an attempt's deadline can end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from urllib3.connection import HTTPConnection

from target_contentsquare.api.http.attempts import Attempts, Handle

if TYPE_CHECKING:
    import socket


def watch_connections(pool: Any, attempts: Attempts) -> None:
    """Let a urllib3 pool make connections that tell the attempts of a run about them.

    Args:
        pool: For HTTP, HTTPS or SOCKS; nothing happens if it does so already.
    """
    bases = (_WatchedConnection, pool.ConnectionCls)
    if not issubclass(pool.ConnectionCls, _WatchedConnection):
        made = type("WatchedConnection", bases, {"attempts": attempts})
        pool.ConnectionCls = made


class _WatchedConnection(HTTPConnection):
    """A connection whose socket is known to the attempts of a run."""

    attempts: Attempts
    _handle: Handle | None = None
    _is_used = False

    def _new_conn(self) -> socket.socket:
        """Return a new socket; all that follows on it can be ended, TLS included."""
        connected = super()._new_conn()
        self._is_used = False
        self._handle = Handle(connected)
        self.attempts.watch(self._handle)
        return connected

    def connect(self) -> None:
        """Connect, through the proxy and TLS where there are any."""
        super().connect()
        self.attempts.note_connected()

    @property
    def is_connected(self) -> bool:
        """Say whether it may be used as it is; if not, the library connects anew."""
        attempt = self.attempts.current
        return super().is_connected and not (attempt and attempt.needs_new_connection)

    def request(self, *args: Any, **options: Any) -> None:
        """Write a request."""
        if self._handle is not None:
            self.attempts.watch(self._handle)
        if (attempt := self.attempts.current) is not None:
            attempt.is_on_used_connection = self._is_used
        super().request(*args, **options)  # which connects it, if it is closed
        self._is_used = True

    def close(self) -> None:
        """Close it; the library may connect it anew later."""
        super().close()
        if self._handle is not None:
            self.attempts.release(self._handle)
            self._handle = None
