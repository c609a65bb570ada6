"""A simulated API that stores enrichments and checks their order."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, NamedTuple

from target_contentsquare.api.signing_in.tokens import Token, Tokens
from target_contentsquare.errors import (
    ApiError,
    BatchRefusedError,
    RetryableError,
    TokenRefusedError,
)
from tests.simulation.scenario import FIXED
from tests.simulation.world import GuaranteeBrokenError, World, require

if TYPE_CHECKING:
    from collections.abc import Mapping

    from target_contentsquare.delivery.batches import Batch, Row
    from target_contentsquare.enrichment import Key
    from tests.simulation.scenario import Faults, InputRow, SourceRow
    from tests.simulation.source_rows import SourceRows


def number_of(row: Row) -> int:
    """Return the place of a row in the input, from 0."""
    return row.number


def fields_of(row: Row) -> Mapping[str, Any]:
    """Return what is sent of a row."""
    fields: Mapping[str, Any] = row.enrichment.enrichment
    return fields


class Stored(NamedTuple):
    """What the API holds for a key."""

    version: int
    value: int
    source: SourceRow


class Contentsquare:
    """The simulated API, whose contents and tokens stay from run to run.

    Attributes:
        contents: What was stored last, by key.
        keys: Those under which source rows of sessions are stored. A row that the
            memory numbers has one, until a row that says its number takes it away.
        sources: What was read so far.
        said: The keys that were stored for rows that say their numbers themselves.
        fatal: Whether to answer requests with an error that a retry does not cure.
    """

    def __init__(self, world: World, sources: SourceRows) -> None:
        self.sources = sources
        self.contents: dict[Key, Stored] = {}
        self.keys: dict[tuple[tuple[int | None, str, int], SourceRow], Key] = {}
        self.said: set[Key] = set()
        self.fatal = False
        self._world = world
        self._valid: dict[int | None, str] = {}
        self._newest: dict[Key, int] = {}
        self._newest_of: dict[tuple[tuple[int | None, str, int], SourceRow], int] = {}
        self._token_numbers = itertools.count()
        self._paused = 0.0

    def begin_run(self, faults: Faults) -> Tokens[int | None]:
        """Return the tokens of a new process, which may send old rows again."""
        self._faults = faults
        self._newest.clear()
        self._newest_of.clear()
        return Tokens(
            self._sign_in,
            self._token_clock,
            pause=self._pause,
            run_aside=lambda renew: renew(),
        )

    def _token_clock(self) -> float:
        return self._world.now + self._paused

    def _pause(self, seconds: float) -> bool:
        """Pause in a request: what is scheduled for the world can't move."""
        self._paused += seconds
        return False

    def post(self, token: Token, batch: Batch) -> None:
        """Store the rows of a batch.

        Raises:
            ContentsquareTargetError: The API refuses the batch, or a fault occurs,
                which may also be after the rows were stored.
        """
        if self.fatal:
            raise ApiError("the API forbids it")
        if self._happens(self._faults.token_expires):
            self._valid.pop(batch.project_id, None)
        if self._valid.get(batch.project_id) != token.value:
            raise TokenRefusedError("expired")
        self._raise_fault()
        if any(fields_of(row)["refused"] for row in batch.rows.values()):
            raise BatchRefusedError("a row of the batch is invalid")
        self._store(batch)
        if self._happens(self._faults.reset_after):
            raise RetryableError("reset after storing")

    def _store(self, batch: Batch) -> None:
        for key, row in batch.rows.items():
            number = number_of(row)
            if number < self._newest.get(key, -1):
                raise GuaranteeBrokenError(
                    f"row {number} of {key} comes after a newer one"
                )
            self._newest[key] = number
            source = row.raw.source
            if row.raw.is_unnumbered:
                self._check_source(key, source, number)
            elif row.raw.stream == FIXED:
                self.said.add(key)
            if number >= self._newest_of.get((key[:3], source), -1):
                self._newest_of[key[:3], source] = number
                self.keys[key[:3], source] = key
            version, value = batch.integration.version, fields_of(row)["value"]
            self.contents[key] = Stored(version, value, source)

    def key_of(self, row: InputRow) -> Key | None:
        """Return under which key a row is stored."""
        if not row.is_unnumbered:
            return row.key
        return self.keys.get((row.key[:3], row.source))

    def held_of(self, row: InputRow) -> Stored | None:
        """Return what is stored under the key of a row."""
        key = self.key_of(row)
        return None if key is None else self.contents.get(key)

    def _check_source(self, key: Key, source: SourceRow, number: int) -> None:
        """Require that a given number is only for one source row, which has no other.

        It may have had one that a row says itself; what was sent under it then may
        arrive later.
        """
        stored = self.contents.get(key)
        require(
            stored is None or stored.source == source,
            f"{source} overwrites {key}, which is another source row's",
        )
        is_older = number < self._newest_of.get((key[:3], source), -1)
        other = self.keys.get((key[:3], source), key)
        require(
            other == key or self.sources.is_said(key if is_older else other),
            f"{source} has {key} now, and had {other}",
        )

    def _raise_fault(self) -> None:
        faults, random = self._faults, self._world.random
        if self._happens(faults.unavailable):
            raise RetryableError("HTTP 503")
        if self._happens(faults.limited):
            wait = random.choice((0.5, 3.0, 20.0))
            raise RetryableError("HTTP 429", wait, is_throttling=True)
        if self._happens(faults.reset_before):
            raise RetryableError("reset before storing")

    def _sign_in(self, project_id: int | None) -> Token:
        if self._happens(self._faults.token_endpoint_fails):
            raise RetryableError("the token endpoint fails")
        value = self._valid[project_id] = f"token-{next(self._token_numbers)}"
        life = self._world.random.choice((20.0, 3600.0))
        now = self._token_clock()
        end = now + life
        return Token(value, "https://simulated", project_id or 0, end, end, now)

    def _happens(self, chance: float) -> bool:
        return chance > 0 and self._world.random.random() < chance
