"""`--find`: what the memory knows of a session, or how much it knows at all."""

from __future__ import annotations

import contextlib
from datetime import datetime, timezone
from typing import TYPE_CHECKING

import click

from target_contentsquare.delivery.memory.database import open_to_look
from target_contentsquare.delivery.memory.identity import session_id
from target_contentsquare.delivery.memory.store import Store
from target_contentsquare.errors import ConfigError, UnfitValueError
from target_contentsquare.mapping.identity import (
    MAX_ENRICHMENT_NUMBER,
    split_session_key,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from target_contentsquare.delivery.memory.store import Entry, Place


def find(path: Path | None, session_key: str) -> int:
    """Print what was delivered of a session, and when.

    Args:
        path: The setting `memory_path`.
        session_key: `userId.sessionNumber`; empty: counts and sizes are printed.

    Returns:
        The exit code: 1 if nothing was delivered of the session.

    Raises:
        ConfigError: There is no memory, or no such session key.
        OutputError: The memory can't be read.
    """
    if path is None:
        raise ConfigError("--find: needs memory_path")
    if not path.exists():
        raise ConfigError(f"--find: memory_path: there is no file '{path}' yet")
    session = _session(session_key) if session_key else None
    with contextlib.closing(open_to_look(path)) as connection:
        store = Store(connection, path)
        if session is not None:
            return _print_found(store, *session)
        for line in (*_counts(store), f"'{path}': {path.stat().st_size:,} bytes"):
            click.echo(line)
    return 0


def _session(session_key: str) -> tuple[str, int]:
    try:
        return split_session_key(session_key)
    except UnfitValueError:
        msg = "--find: must be userId.sessionNumber, as Contentsquare's tag gives it"
        raise ConfigError(msg) from None


def _print_found(store: Store, user_id: str, session_number: int) -> int:
    """Print what is known of a session, and return the exit code."""
    was_delivered = is_known = False
    for place, number, entry in _found(store, user_id, session_number):
        click.echo(f"{_name(place)}, enrichment {number}: {_describe(entry)}")
        was_delivered |= entry.was_delivered
        is_known = True
    if not is_known:
        click.echo("nothing is remembered of this session", err=True)
    return 0 if was_delivered else 1


def _found(
    store: Store, user_id: str, session_number: int
) -> Iterator[tuple[Place, int, Entry]]:
    """Yield the entries of a session, with their places and enrichment numbers."""
    for number, place in store.places().items():
        first = session_id(number, user_id, session_number)
        for entry in store.entries(first + 1, first + MAX_ENRICHMENT_NUMBER):
            yield place, entry.id - first, entry


def _counts(store: Store) -> Iterator[str]:
    yield f"{store.count():,} enrichments are remembered"
    for place in store.places().values():
        yield f"{_name(place)}, signing in at {place.auth_url}"


def _name(place: Place) -> str:
    return f"project {place.project or 'of the credentials'}"


def _describe(entry: Entry) -> str:
    if not entry.was_delivered:
        return "kept for a row that was not delivered"
    text = (
        f"delivered {_time(entry.written_at)}, in the run of "
        f"{_time(entry.run / 1000)}, integration version {entry.version}"
    )
    if entry.fingerprint is None:
        return f"{text}; whether what was sent later arrived is not known"
    return text


def _time(seconds: float) -> str:
    moment = datetime.fromtimestamp(seconds, timezone.utc)
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
