"""A connection as delivery has it: signed in, sending, ended from outside."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from target_contentsquare.api.connection import Connection, connect, sign_in
from target_contentsquare.api.signing_in.account import Account, Credentials, Keyring
from target_contentsquare.enrichment import Enrichment, encode
from target_contentsquare.errors import (
    AuthenticationError,
    ProjectNotCoveredError,
    RetryableError,
)
from target_contentsquare.sandbox import Fault, Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LOG = logging.getLogger("test")
SANDBOX = Keyring(Credentials("sandbox", "sandbox-secret"))
ROWS = encode([Enrichment("u", 5, 1, {"call_duration": 1})])


@dataclass(frozen=True)
class Settings:
    auth_url: str
    request_timeout_seconds: float = 5.0
    max_parallel_requests: int = 2
    keyring: Keyring = SANDBOX
    oauth_scope: str = "enrichment"


@pytest.fixture
def connection(sandbox: Sandbox) -> Iterator[Connection]:
    connection = open_connection(Settings(sandbox.auth_url))
    yield connection
    connection.close()


def open_connection(
    settings: Settings,
    on_written: Callable[[], None] = lambda: None,
) -> Connection:
    return connect(
        settings,
        user_agent="tests",
        on_written=on_written,
        log=LOG,
    )


def test_batches_go_to_their_projects(connection: Connection, sandbox: Sandbox) -> None:
    for account in (Account(162), Account(163), Account(163), Account(162)):
        connection.send(account, 1, ROWS)
    assert {key[0] for key in sandbox.enrichments} == {162, 163}
    assert len(sandbox.token_requests) == 2


def test_credentials_of_a_project_are_enough(sandbox: Sandbox) -> None:
    own = Credentials("sandbox-162", "sandbox-162-secret")
    settings = Settings(sandbox.auth_url, keyring=Keyring(None, {162: own}))
    connection = open_connection(settings)
    connection.send(Account(162), 1, ROWS)
    with pytest.raises(ProjectNotCoveredError, match="project 163"):
        connection.send(Account(163), 1, ROWS)
    connection.close()
    assert {key[0] for key in sandbox.enrichments} == {162}


def test_a_token_that_expired_is_replaced(
    connection: Connection, sandbox: Sandbox
) -> None:
    connection.send(Account(162), 1, ROWS)
    sandbox.expire_tokens()
    connection.send(Account(162), 1, ROWS)
    assert len(sandbox.token_requests) == 2


def test_a_token_endpoint_that_hangs_stalls_no_batch_whose_token_is_good() -> None:
    with Sandbox(token_seconds=5) as sandbox:
        settings = Settings(sandbox.auth_url, request_timeout_seconds=30)
        connection = open_connection(settings)
        connection.send(Account(162), 1, ROWS)
        sandbox.add_fault(Fault(delay_ms=60_000, on="token", count=None))
        deadline = time.monotonic() + 4.8
        # It is due for renewal after 4.5 seconds.
        while time.monotonic() < deadline:
            begun = time.monotonic()
            connection.send(Account(162), 1, ROWS)
            assert time.monotonic() - begun < 2
        connection.abort()
        connection.close()


@pytest.mark.parametrize("on", ["enrichments", "token"])
def test_an_attempt_is_ended_at_its_deadline_by_who_drives_delivery(
    sandbox: Sandbox, on: str
) -> None:
    sandbox.add_fault(Fault(delay_ms=60_000, on=on))  # type: ignore[arg-type] # one of its words
    connection = open_connection(Settings(sandbox.auth_url, 0.2))
    over = threading.Event()

    def drive() -> None:
        while not over.wait(0.05):
            connection.expire()

    thread = threading.Thread(target=drive)
    thread.start()
    with pytest.raises(RetryableError, match="timed out"):
        connection.send(Account(162), 1, ROWS)
    over.set()
    thread.join()
    connection.close()


def test_a_run_that_is_to_end_at_once_waits_for_nothing(sandbox: Sandbox) -> None:
    sandbox.add_fault(Fault(delay_ms=60_000))
    written = threading.Event()
    connection = open_connection(Settings(sandbox.auth_url, 60), written.set)

    def abort() -> None:
        written.wait()
        connection.abort()

    thread = threading.Thread(target=abort)
    thread.start()
    with pytest.raises(RetryableError, match="was not waited for"):
        connection.send(Account(162), 1, ROWS)
    thread.join()
    connection.close()


def test_signing_in_alone(sandbox: Sandbox) -> None:
    settings = Settings(sandbox.auth_url)
    assert sign_in(settings, Account(162), user_agent="tests").project_id == 162
    assert sign_in(settings, Account(163), user_agent="tests").endpoint == sandbox.url
    with pytest.raises(AuthenticationError, match="project_id"):
        sign_in(settings, Account(), user_agent="tests")


def test_signing_in_alone_is_over_in_time(sandbox: Sandbox) -> None:
    sandbox.add_fault(Fault(delay_ms=60_000, on="token"))
    with pytest.raises(RetryableError, match="timed out"):
        sign_in(Settings(sandbox.auth_url, 0.2), Account(162), user_agent="tests")
