"""A server that keeps the last enrichment of a key, and sees who comes too late."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from target_contentsquare.api.tokens import Token, Tokens
from target_contentsquare.errors import (
    ApiError,
    BatchRefusedError,
    RetryableError,
    TokenRefusedError,
)
from tests.simulation.world import Violation, World

if TYPE_CHECKING:
    from target_contentsquare.enrichment import Batch, Key, Row
    from tests.simulation.scenario import Weather


def number_of(row: Row) -> int:
    """The row's place in the input."""
    number = row.enrichment.enrichment["number"]
    assert isinstance(number, int)
    return number


class Contentsquare:
    """What outlives the runs: contents and tokens.

    Attributes:
        contents: Number of the row that was stored last, by key.
        fatal: Answer the next request with one that trying again does not cure.
    """

    def __init__(self, world: World) -> None:
        self.contents: dict[Key, int] = {}
        self.fatal = False
        self._world = world
        self._valid: dict[int | None, str] = {}
        self._newest: dict[Key, int] = {}
        self._names = itertools.count()

    def begin_run(self, weather: Weather) -> Tokens:
        """Give the tokens of a new process, which may send old rows again."""
        self._weather = weather
        self._newest.clear()
        return Tokens(self._sign_in, self._world.clock)

    def post(self, token: Token, batch: Batch) -> None:
        """Take a batch, or don't."""
        if self.fatal:
            raise ApiError("the API forbids it")
        if self._happens(self._weather.token_expires):
            self._valid.pop(batch.project_id, None)
        if self._valid.get(batch.project_id) != token.value:
            raise TokenRefusedError("expired")
        self._trouble_before()
        if any(row.enrichment.enrichment["bad"] for row in batch.rows.values()):
            raise BatchRefusedError("one of them")
        self._store(batch)
        if self._happens(self._weather.reset_after):
            raise RetryableError("reset after storing")

    def _store(self, batch: Batch) -> None:
        for key, row in batch.rows.items():
            number = number_of(row)
            if number < self._newest.get(key, -1):
                raise Violation(f"row {number} of {key} comes after a newer one")
            self._newest[key] = self.contents[key] = number

    def _trouble_before(self) -> None:
        weather, random = self._weather, self._world.random
        if self._happens(weather.unavailable):
            raise RetryableError("HTTP 503")
        if self._happens(weather.limited):
            raise RetryableError("HTTP 429", random.choice((0.5, 3.0, 20.0)))
        if self._happens(weather.reset_before):
            raise RetryableError("reset before storing")

    def _sign_in(self, project_id: int | None) -> Token:
        if self._happens(self._weather.token_endpoint_fails):
            raise RetryableError("the token endpoint is in trouble")
        value = self._valid[project_id] = f"token-{next(self._names)}"
        life = self._world.random.choice((20.0, 3600.0))
        end = self._world.now + life
        return Token(value, "https://simulated", project_id or 0, end, end)

    def _happens(self, chance: float) -> bool:
        return chance > 0 and self._world.random.random() < chance
