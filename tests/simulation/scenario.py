"""What a seed stands for: rows, states and silence, an API's moods, and stops."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from random import Random

    from target_contentsquare.enrichment import Key

Kind: TypeAlias = Literal["good", "bad", "dropped", "invalid"]
Stop: TypeAlias = Literal["none", "signal", "fatal", "crash", "stdout"]


@dataclass(frozen=True, slots=True)
class Given:
    """A row that the tap writes; `number` is its place among the rows, from 0."""

    number: int
    key: Key
    version: int
    kind: Kind


@dataclass(frozen=True, slots=True)
class State:
    """A STATE message; the value is the message's own place in the input."""

    place: int


@dataclass(frozen=True, slots=True)
class Silence:
    """The tap writes nothing for so many seconds."""

    seconds: float


Message: TypeAlias = Given | State | Silence


@dataclass(frozen=True, slots=True)
class Weather:
    """How the API behaves: chances of what a request may meet, and how slow it is."""

    slow: float
    unavailable: float = 0.0
    limited: float = 0.0
    reset_before: float = 0.0
    reset_after: float = 0.0
    token_expires: float = 0.0
    token_endpoint_fails: float = 0.0

    def latency(self, random: Random) -> tuple[float, float]:
        """Seconds to the server, and back."""
        if random.random() < 0.1:
            return 0.0, 0.0
        return random.expovariate(1 / self.slow), random.expovariate(1 / self.slow)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One run of the target, and how it is made to end."""

    stop: Stop
    stop_at_step: int
    max_rejected: int | None
    weather: Weather


@dataclass(frozen=True, slots=True)
class Scenario:
    """All that a seed decides beforehand."""

    messages: tuple[Message, ...]
    batch_rows: int
    max_in_flight: int
    max_retry_seconds: float
    attempts: tuple[Attempt, ...]


@dataclass(frozen=True, slots=True)
class _Tap:
    """What it writes: how many rows, from how much choice, and how often the rest."""

    rows: int
    users: int
    projects: tuple[int, ...]
    versions: tuple[int, ...] = (1,)
    bad: float = 0.0
    odd: float = 0.0
    states: float = 1.0
    silences: float = 0.0


def scenario(random: Random) -> Scenario:
    """Make one up: most are small, since small ones collide more."""
    batch_rows = random.choice((1, 2, 3, 3, 5, 5, 8, 8, 13, 20, 50, 200))
    tap = _tap(random, batch_rows)
    if random.random() < 0.02:
        # An old row in one project holds back the states of many in another.
        tap, batch_rows = _Tap(3000, 10_000, (*(1,) * 300, 2)), 200
    unlucky = random.choice((0, 1, 1, 2, 3))
    return Scenario(
        messages=tuple(_messages(random, tap)),
        batch_rows=batch_rows,
        max_in_flight=random.choice((1, 2, 3, 4, 8, 16)),
        max_retry_seconds=random.choice((5.0, 60.0, 300.0)),
        attempts=(*(_unlucky(random) for _ in range(unlucky)), _stormy(random), _CALM),
    )


def _tap(random: Random, batch_rows: int) -> _Tap:
    return _Tap(
        rows=random.randint(0, min(batch_rows * random.randint(1, 30), 900)),
        users=random.choice((2, 5, 20, 100, 10_000)),
        projects=random.choice(((1,), (1,), (1, 2), (1, 2, 3))),
        versions=random.choice(((1,), (1,), (1, 2))),
        bad=random.choice((0.0, 0.0, 0.01, 0.05, 0.3)),
        odd=random.choice((0.0, 0.0, 0.02, 0.2, 0.9)),
        states=random.choice((0.0, 0.03, 0.3, 1.0, 1.0)),
        silences=random.choice((0.0, 0.0, 0.02)),
    )


def _messages(random: Random, tap: _Tap) -> list[Message]:
    messages: list[Message] = []
    for number in range(tap.rows):
        user = f"u-{random.randrange(tap.users)}"
        key = (random.choice(tap.projects), user, random.choice((1, 1, 2)), 1)
        kind = _kind(random, tap)
        messages.append(Given(number, key, random.choice(tap.versions), kind))
        if random.random() < tap.states:
            messages.append(State(len(messages)))
        if random.random() < tap.silences:
            messages.append(Silence(random.choice((0.5, 5.0, 200.0, 400.0))))
    return messages


def _kind(random: Random, tap: _Tap) -> Kind:
    if random.random() < tap.bad:
        return "bad"
    if random.random() < tap.odd:
        return random.choice(("dropped", "dropped", "invalid"))
    return "good"


def _unlucky(random: Random) -> Attempt:
    stops: tuple[Stop, ...] = ("signal", "signal", "fatal", "crash", "crash", "stdout")
    return Attempt(
        stop=random.choice(stops),
        stop_at_step=int(random.expovariate(1 / 40)),
        max_rejected=random.choice((None, 2, 1000, 1000, 1000)),
        weather=_weather(random),
    )


def _stormy(random: Random) -> Attempt:
    """Nobody stops it, but it may fail."""
    return Attempt("none", 0, 5000, _weather(random))


#: The last one always succeeds.
_CALM = Attempt("none", 0, 5000, Weather(0.1))


def _weather(random: Random) -> Weather:
    slow = random.choice((0.01, 0.1, 1.0, 10.0))
    if random.random() < 0.3:
        return Weather(slow)
    most = random.choice((0.02, 0.1, 0.2))
    return Weather(slow, *(random.choice((0.0, most)) for _ in range(6)))
