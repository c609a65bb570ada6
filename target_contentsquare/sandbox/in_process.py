"""`Sandbox`: a local Contentsquare in a thread of this process."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from types import TracebackType
from typing import TypeVar, final

from target_contentsquare.sandbox.batches.answers import Answers
from target_contentsquare.sandbox.batches.integration_schema import IntegrationSchema
from target_contentsquare.sandbox.contentsquare import Contentsquare
from target_contentsquare.sandbox.faults.fault import Fault
from target_contentsquare.sandbox.limits.limits import Limits
from target_contentsquare.sandbox.options import Options
from target_contentsquare.sandbox.received.reader import ReceivedReader
from target_contentsquare.sandbox.server_thread import ServerThread
from target_contentsquare.sandbox.tokens.credentials import (
    Credentials,
    project_credentials_from,
)
from target_contentsquare.sandbox.tokens.sign_in import SignIn

T = TypeVar("T")


@final
class Sandbox(ReceivedReader):
    """A local Contentsquare on a free port of 127.0.0.1, while its context lasts.

    Every method may be called from any thread. What was received can still be read
    after the context has ended. A batch can be read here before its client has the
    answer. The state belongs to the server's thread: other threads ask it, so that
    they never see a half-written state.

    Example:
        >>> import requests
        >>> from target_contentsquare.sandbox import Sandbox
        >>> with Sandbox() as sandbox:
        ...     signed_in = requests.post(sandbox.auth_url, timeout=5, json={
        ...         "client_id": sandbox.client_id,
        ...         "client_secret": sandbox.client_secret,
        ...         "grant_type": "client_credentials",
        ...         "scope": "enrichment",
        ...         "project_id": 162,
        ...     }).json()
        ...     answer = requests.post(
        ...         signed_in["endpoint"] + "/v1/enrichments",
        ...         headers={"Authorization": "Bearer " + signed_in["access_token"]},
        ...         timeout=5,
        ...         json={
        ...             "integrationVersion": 1,
        ...             "projectId": 162,
        ...             "enrichments": [{
        ...                 "userId": "aaa-aaa-aaa",
        ...                 "sessionNumber": 5,
        ...                 "enrichment": {"call_center_name": "RENNES"},
        ...             }],
        ...         },
        ...     )
        >>> answer.status_code
        200
        >>> [(key.user_id, fields) for key, fields in sandbox.enrichments.items()]
        [('aaa-aaa-aaa', {'call_center_name': 'RENNES'})]
    """

    def __init__(  # noqa: PLR0913 - named settings, the same as the command's
        self,
        *,
        projects: Iterable[int] = (162, 163),
        client_id: str = "sandbox",
        client_secret: str = "sandbox-secret",  # noqa: S107 - secret in name only
        project_credentials: Iterable[tuple[str, str, int]] | None = None,
        credentials: Mapping[int, Mapping[str, object]] | None = None,
        integration_schemas: Mapping[int, object] | None = None,
        integration_versions: Iterable[int] | None = None,
        sign_in: SignIn | None = None,
        answers: Answers | None = None,
        limits: Limits | None = None,
        token_seconds: float = 3600,
        latency_ms: float = 0,
        faults: Iterable[Fault] = (),
        refused_users: Iterable[str] = (),
        blocked_users: Iterable[str] = (),
        seed: int = 0,
        keep_history: bool = True,
        keep: int = 1_000_000,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare the sandbox; it listens once the context is entered.

        Args:
            projects: what the account-level credentials cover.
            client_id: the account-level credentials' name.
            client_secret: the account-level credentials' secret.
            project_credentials: (id, secret, project) of each set of project-level
                credentials; None makes `sandbox-162` for the first project, unless
                there are `credentials`.
            credentials: project-level credentials by project id, as the target's
                setting of that name has them.
            integration_schemas: the JSON registered for an integration version.
            integration_versions: versions that are known besides those; None is
                version 1 where there are no schemas, none otherwise.
            sign_in: how token requests are answered.
            answers: how batches are answered.
            limits: how many requests a project may make; see `set_rate`.
            token_seconds: how long a token lasts.
            latency_ms: how long every request to `/v1/enrichments` takes.
            faults: what goes wrong from the start.
            refused_users: see `refuse_users`.
            blocked_users: see `block_users`.
            seed: of the faults' random numbers.
            keep_history: whether `history` has the last 10,000 accepted batches.
            keep: how many enrichments are kept.
            clock: monotonic seconds for tokens and limits.

        Raises:
            ValueError: an integration schema could not be registered, or credentials
                have the wrong form.
        """
        schemas = {
            version: IntegrationSchema.from_json(document)
            for version, document in (integration_schemas or {}).items()
        }
        self._contentsquare = Contentsquare(
            Options(
                projects=tuple(projects),
                client_id=client_id,
                client_secret=client_secret,
                project_credentials=_project_level(project_credentials, credentials),
                integration_schemas=schemas,
                integration_versions=_tuple_or_none(integration_versions),
                sign_in=sign_in or SignIn(),
                answers=answers or Answers(),
                limits=limits or Limits(),
                token_seconds=token_seconds,
                latency_ms=latency_ms,
                faults=tuple(faults),
                refused_users=frozenset(refused_users),
                blocked_users=frozenset(blocked_users),
                seed=seed,
                keep_history=keep_history,
                keep=keep,
                clock=clock,
            )
        )
        self._server = ServerThread(self._contentsquare)
        super().__init__(self._contentsquare.received, self._server.ask)

    def __enter__(self) -> "Sandbox":
        """Listen, and return once requests are answered."""
        self._server.start()
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop listening and cut the connections of requests still handled."""
        self._server.stop()

    @property
    def url(self) -> str:
        """Return the base URL, without a slash at its end."""
        return f"http://127.0.0.1:{self._server.port}"

    @property
    def auth_url(self) -> str:
        """Return the URL of the token endpoint."""
        return f"{self.url}/v1/oauth/token"

    @property
    def client_id(self) -> str:
        """Return the id of the account-level credentials."""
        return self._contentsquare.options.client_id

    @property
    def client_secret(self) -> str:
        """Return the secret of the account-level credentials."""
        return self._contentsquare.options.client_secret

    @property
    def seed(self) -> int:
        """Return the seed of the faults' random numbers."""
        return self._contentsquare.options.seed

    def add_fault(self, *faults: Fault) -> None:
        """Add faults, whose `after` counts from now."""
        self._ask(lambda: self._contentsquare.faults.add(faults))

    def refuse_users(self, users: Iterable[str]) -> None:
        """Refuse batches that contain one of these users; replaces the users before."""
        refused = frozenset(users)
        self._ask(lambda: setattr(self._contentsquare, "refused_users", refused))

    def expire_tokens(self) -> None:
        """Make every token issued so far expire now."""
        self._ask(self._contentsquare.tokens.expire_all)

    def reset(self) -> None:
        """Forget what was received, tokens, faults and refused users."""
        self._ask(self._contentsquare.reset)

    def block_users(self, users: Iterable[str]) -> None:
        """Answer 403, as a firewall does, to batches that contain one of these users.

        Replaces the users before.
        """
        blocked = frozenset(users)
        self._ask(lambda: setattr(self._contentsquare, "blocked_users", blocked))

    @property
    def limits(self) -> Limits:
        """Return the limits that hold now."""
        return self._ask(lambda: self._contentsquare.limiter.limits)

    def set_rate(self, rate: float | None, *, burst: int | None = None) -> None:
        """Change how many requests a second each project may make, from now on.

        Args:
            rate: requests a second, None for any number.
            burst: requests that may come at once; None leaves it as it is.
        """
        changed = replace(self.limits, rate=rate)
        self.set_limits(changed if burst is None else replace(changed, burst=burst))

    def set_limits(self, limits: Limits) -> None:
        """Replace all limits."""
        self._ask(lambda: self._contentsquare.limiter.change(limits))


def _project_level(
    triples: Iterable[tuple[str, str, int]] | None,
    documents: Mapping[int, Mapping[str, object]] | None,
) -> tuple[Credentials, ...] | None:
    if triples is None and documents is None:
        return None
    made = [Credentials.of_project(*triple) for triple in triples or ()]
    return (*made, *project_credentials_from({} if documents is None else documents))


def _tuple_or_none(given: Iterable[T] | None) -> tuple[T, ...] | None:
    return None if given is None else tuple(given)
