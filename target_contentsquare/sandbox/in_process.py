"""`Sandbox`: serves over HTTP from a thread of this process."""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from threading import Lock, Thread
from types import TracebackType
from typing import TypeVar, final

from target_contentsquare.sandbox.batches.batch import Enrichment, Key
from target_contentsquare.sandbox.batches.integration_schema import IntegrationSchema
from target_contentsquare.sandbox.contentsquare import Contentsquare
from target_contentsquare.sandbox.faults.fault import Fault
from target_contentsquare.sandbox.options import Options
from target_contentsquare.sandbox.received.received import (
    RequestSummary,
    TokenRequestSummary,
    Totals,
)
from target_contentsquare.sandbox.server import listening

T = TypeVar("T")


@final
class Sandbox:
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
        integration_schemas: Mapping[int, object] | None = None,
        integration_versions: Iterable[int] | None = None,
        token_seconds: float = 3600,
        latency_ms: float = 0,
        faults: Iterable[Fault] = (),
        seed: int = 0,
        keep_history: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare the sandbox; it listens once the context is entered.

        Args:
            projects: what the account-level credentials cover.
            client_id: the account-level credentials' name.
            client_secret: the account-level credentials' secret.
            project_credentials: (id, secret, project) of each set of project-level
                credentials; None makes `sandbox-162` for the first project.
            integration_schemas: the JSON registered for an integration version.
            integration_versions: versions that are known besides those; None is
                version 1 where there are no schemas, none otherwise.
            token_seconds: how long a token lasts.
            latency_ms: how long every request to `/v1/enrichments` takes.
            faults: what goes wrong from the start.
            seed: of the faults' random numbers.
            keep_history: whether `history` has the last 10,000 accepted batches;
                without it, memory grows only with the enrichments stored.
            clock: monotonic seconds that tokens expire by.

        Raises:
            ValueError: an integration schema could not be registered.
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
                project_credentials=_tuple_or_none(project_credentials),
                integration_schemas=schemas,
                integration_versions=_tuple_or_none(integration_versions),
                token_seconds=token_seconds,
                latency_ms=latency_ms,
                faults=tuple(faults),
                seed=seed,
                keep_history=keep_history,
                clock=clock,
            )
        )
        self._listening: Future[tuple[asyncio.AbstractEventLoop, int]] = Future()
        self._thread = Thread(target=self._run, name="sandbox", daemon=True)
        self._stop = asyncio.Event()
        # Held while the server's thread is asked or ended: it would never answer a
        # question that comes between the two.
        self._asking = Lock()

    def __enter__(self) -> "Sandbox":
        """Listen, and return once requests are answered."""
        self._thread.start()
        self._listening.result()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop listening and cut the connections of requests still handled."""
        loop, _ = self._listening.result()
        with self._asking:
            loop.call_soon_threadsafe(self._stop.set)
            self._thread.join()

    @property
    def url(self) -> str:
        """Return the base URL, without a slash at its end."""
        _, port = self._listening.result()
        return f"http://127.0.0.1:{port}"

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

    @property
    def requests(self) -> list[RequestSummary]:
        """Return the last 10,000 requests to `/v1/enrichments`, as answered."""
        return self._ask(lambda: list(self._contentsquare.received.requests))

    @property
    def token_requests(self) -> list[TokenRequestSummary]:
        """Return the last 10,000 token requests."""
        return self._ask(lambda: list(self._contentsquare.received.token_requests))

    @property
    def enrichments(self) -> dict[Key, Mapping[str, object]]:
        """Return fields by (project, user, session, number), oldest write first."""
        stored = self._contentsquare.received.stored
        return self._ask(lambda: {key: found.fields for key, found in stored.items()})

    @property
    def history(self) -> list[list[tuple[Key, Mapping[str, object]]]]:
        """Return the last 10,000 accepted batches as keys and fields, in order.

        Raises:
            RuntimeError: the sandbox was made with `keep_history=False`.
        """
        if not self._contentsquare.options.keep_history:
            message = "made with keep_history=False"
            raise RuntimeError(message)
        history = self._ask(lambda: list(self._contentsquare.received.history))
        return [_pairs(batch) for batch in history]

    @property
    def totals(self) -> Totals:
        """Return a copy of the counts since the start or the last `reset`."""
        return self._ask(self._contentsquare.received.copy_totals)

    @property
    def max_in_flight(self) -> int:
        """Return the most requests to `/v1/enrichments` handled at once."""
        return self.totals.max_in_flight

    @property
    def connections(self) -> int:
        """Return how many TCP connections brought requests to `/v1/enrichments`."""
        return self.totals.connections

    @property
    def duplicates_in_batch(self) -> int:
        """Return how many enrichments had a key that came again in the same batch."""
        return self.totals.duplicates_in_batch

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

    def _ask(self, question: Callable[[], T]) -> T:
        """Return the answer of the server's thread, or of this one after its end."""
        with self._asking:
            if not self._thread.is_alive():
                return question()
            loop, _ = self._listening.result()
            answer: Future[T] = Future()
            loop.call_soon_threadsafe(_settle, answer, question)
            return answer.result()

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        try:
            async with listening(self._contentsquare, "127.0.0.1", 0) as port:
                self._listening.set_result((asyncio.get_running_loop(), port))
                await self._stop.wait()
        except BaseException as error:
            # The thread that waits in __enter__ raises it.
            if self._listening.done():
                raise
            self._listening.set_exception(error)


def _settle(answer: "Future[T]", question: Callable[[], T]) -> None:
    try:
        answer.set_result(question())
    except Exception as error:  # noqa: BLE001 - raised again in the thread that asked
        answer.set_exception(error)


def _tuple_or_none(given: Iterable[T] | None) -> tuple[T, ...] | None:
    return None if given is None else tuple(given)


def _pairs(batch: Sequence[Enrichment]) -> list[tuple[Key, Mapping[str, object]]]:
    return [(enrichment.key, enrichment.fields) for enrichment in batch]
