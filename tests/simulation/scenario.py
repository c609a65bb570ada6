"""What a seed decides: the tap's messages, the API's faults, stops of the target."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, TypeAlias

from target_contentsquare.enrichment import UNNUMBERED

if TYPE_CHECKING:
    from random import Random

    from target_contentsquare.enrichment import Key

Outcome: TypeAlias = Literal["delivered", "refused", "dropped", "invalid"]
#: A stream, and what tells its rows of a session apart.
SourceRow: TypeAlias = tuple[str, int]
Stop: TypeAlias = Literal["none", "signal", "fatal", "crash", "stdout"]

#: A second one has rows only where the memory gives the numbers.
STREAMS = ("calls", "chats")
#: A stream whose rows say their numbers themselves, beside those two.
FIXED = "leads"


@dataclass(frozen=True, slots=True)
class InputRow:
    """A row that the tap writes.

    Attributes:
        number: Its place among the rows, from 0.
        key: `UNNUMBERED` where the memory is to give the enrichment number.
        outcome: What becomes of it, unless a later row replaces it.
        value: What is sent.
        id: What tells it from other rows of its session and stream.
    """

    number: int
    key: Key
    version: int
    outcome: Outcome
    value: int
    stream: str = STREAMS[0]
    id: int = 0

    @property
    def source(self) -> SourceRow:
        """What tells it from the other source rows of its session."""
        return self.stream, self.id

    @property
    def is_unnumbered(self) -> bool:
        """Whether the memory is to give it a number."""
        return self.key[3] == UNNUMBERED

    @property
    def target(self) -> tuple[Key, SourceRow | None]:
        """The same for rows that overwrite each other."""
        return self.key, self.source if self.is_unnumbered else None


@dataclass(frozen=True, slots=True)
class State:
    """A STATE message.

    Attributes:
        place: Its value: how many messages are before it.
    """

    place: int


@dataclass(frozen=True, slots=True)
class Pause:
    """A time in which the tap writes nothing."""

    seconds: float


Message: TypeAlias = InputRow | State | Pause

#: Few, so that rows go back to what they were.
_VALUES = (1, 2)


@dataclass(frozen=True, slots=True)
class Faults:
    """How slow the API is, and the probability of each fault of a request.

    Attributes:
        mean_seconds: Mean time of a request to the server, and of its answer back.
    """

    mean_seconds: float
    unavailable: float = 0.0
    limited: float = 0.0
    reset_before: float = 0.0
    reset_after: float = 0.0
    token_expires: float = 0.0
    token_endpoint_fails: float = 0.0

    def latency(self, random: Random) -> tuple[float, float]:
        """Return the seconds of a request to the server, and of its answer back."""
        if random.random() < 0.1:
            return 0.0, 0.0
        rate = 1 / self.mean_seconds
        return random.expovariate(rate), random.expovariate(rate)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One run of the target, and what stops it."""

    stop: Stop
    stop_at_step: int
    max_rejected: int | None
    faults: Faults


@dataclass(frozen=True, slots=True)
class MemoryUse:
    """How the target remembers, and how the source changes.

    Attributes:
        rows_at_once: How many rows are looked up together.
        passes: How often the tap gives its rows, from the first to the last.
        changed: Probability that a row has another value when it is read again.
        resends: Probability that a run ignores what is remembered.
        commit_fails: Probability that a process that is to crash does so right before
            or after a commit.
        gives_numbers: Whether the memory gives the rows their enrichment numbers.
        fixed: Of these rows, the share that says a number itself.
        fixed_numbers: The numbers that they say.
    """

    rows_at_once: int
    passes: int
    changed: float
    resends: float
    commit_fails: float
    gives_numbers: bool
    fixed: float
    fixed_numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Scenario:
    """Everything that is decided before the first run."""

    messages: tuple[Message, ...]
    batch_rows: int
    max_in_flight: int
    max_retry_seconds: float
    attempts: tuple[Attempt, ...]
    memory: MemoryUse | None


@dataclass(frozen=True, slots=True)
class _Tap:
    """What the tap writes.

    Attributes:
        users: From how many users the rows are drawn.
        refused: Probability that a row is refused by the API.
        other: Probability that a row is dropped or invalid.
        states: Probability of a state after a row.
        pauses: Probability of a pause after a row.
    """

    rows: int
    users: int
    projects: tuple[int, ...]
    versions: tuple[int, ...] = (1,)
    refused: float = 0.0
    other: float = 0.0
    states: float = 1.0
    pauses: float = 0.0


def make_scenario(random: Random) -> Scenario:
    """Return a random scenario; most are small, so that more rows share a key."""
    batch_rows = random.choice((1, 2, 3, 3, 5, 5, 8, 8, 13, 20, 50, 200))
    tap = _tap(random, batch_rows)
    if random.random() < 0.02:
        # A single row of project 2 holds back the states of many rows of project 1.
        tap, batch_rows = _Tap(3000, 10_000, (*(1,) * 300, 2)), 200
    interrupted = random.choice((0, 1, 1, 2, 3))
    scenario = Scenario(
        messages=tuple(_messages(random, tap)),
        batch_rows=batch_rows,
        max_in_flight=random.choice((1, 2, 3, 4, 8, 16)),
        max_retry_seconds=random.choice((5.0, 60.0, 300.0)),
        attempts=(
            *(_interrupted_attempt(random) for _ in range(interrupted)),
            _uninterrupted_attempt(random),
            _LAST_ATTEMPT,
        ),
        memory=None,
    )
    return _with_memory(random, scenario) if random.random() < 0.5 else scenario


def read_again(scenario: Scenario, random: Random, first: int = 0) -> Scenario:
    """Return a scenario in which the source changed the rows from `first` on.

    Where the memory gives the numbers, they also come in another order.
    """
    memory = scenario.memory
    if memory is None:
        return scenario
    if memory.gives_numbers:
        scenario = _shuffled(scenario, random, first)
    changed = memory.changed
    messages = tuple(
        replace(message, value=random.choice(_VALUES))
        if at >= first and isinstance(message, InputRow) and random.random() < changed
        else message
        for at, message in enumerate(scenario.messages)
    )
    return replace(scenario, messages=messages)


def with_rows_corrected(scenario: Scenario, first: int) -> Scenario:
    """Return a scenario of which no row is refused from `first` on."""
    later = [
        replace(message, outcome="delivered")
        if isinstance(message, InputRow) and message.outcome == "refused"
        else message
        for message in scenario.messages[first:]
    ]
    return replace(scenario, messages=(*scenario.messages[:first], *later))


def _with_memory(random: Random, scenario: Scenario) -> Scenario:
    memory = MemoryUse(
        rows_at_once=random.choice((1, 3, 10, 500)),
        passes=random.choice((1, 2, 3)),
        changed=1.0,
        resends=random.choice((0.0, 0.0, 0.5)),
        commit_fails=random.choice((0.0, 0.1)),
        gives_numbers=random.random() < 0.5,
        fixed=random.choice((0.0, 0.2, 0.5)),
        fixed_numbers=random.choice(((1,), (1,), (2,), (1, 3), (1, 2, 3))),
    )
    if memory.gives_numbers:
        messages = (_in_streams(random, memory, m) for m in scenario.messages)
        scenario = replace(scenario, messages=tuple(messages))
    few_values = read_again(replace(scenario, memory=memory), random)
    changed = random.choice((0.0, 0.1, 0.5))
    return replace(few_values, memory=replace(memory, changed=changed))


def _in_streams(random: Random, memory: MemoryUse, message: Message) -> Message:
    """Return a row as one of nine source rows of its session, three of them fixed."""
    if not isinstance(message, InputRow):
        return message
    stream, number = random.choice(STREAMS), UNNUMBERED
    if random.random() < memory.fixed:
        stream, number = FIXED, random.choice(memory.fixed_numbers)
    key, row_id = (*message.key[:3], number), random.choice((1, 2, 3))
    return replace(message, key=key, stream=stream, id=row_id)


def _shuffled(scenario: Scenario, random: Random, first: int) -> Scenario:
    """Return a scenario whose rows from `first` on come in another order."""
    rows = [m for m in scenario.messages[first:] if isinstance(m, InputRow)]
    shuffled = iter(random.sample(rows, len(rows)))
    later = [
        replace(next(shuffled), number=message.number)
        if isinstance(message, InputRow)
        else message
        for message in scenario.messages[first:]
    ]
    return replace(scenario, messages=(*scenario.messages[:first], *later))


def _tap(random: Random, batch_rows: int) -> _Tap:
    return _Tap(
        rows=random.randint(0, min(batch_rows * random.randint(1, 30), 900)),
        users=random.choice((2, 5, 20, 100, 10_000)),
        projects=random.choice(((1,), (1,), (1, 2), (1, 2, 3))),
        versions=random.choice(((1,), (1,), (1, 2))),
        refused=random.choice((0.0, 0.0, 0.01, 0.05, 0.3)),
        other=random.choice((0.0, 0.0, 0.02, 0.2, 0.9)),
        states=random.choice((0.0, 0.03, 0.3, 1.0, 1.0)),
        pauses=random.choice((0.0, 0.0, 0.02)),
    )


def _messages(random: Random, tap: _Tap) -> list[Message]:
    messages: list[Message] = []
    for number in range(tap.rows):
        user = f"u-{random.randrange(tap.users)}"
        key = (random.choice(tap.projects), user, random.choice((1, 1, 2)), 1)
        outcome = _outcome(random, tap)
        messages.append(
            InputRow(number, key, random.choice(tap.versions), outcome, number)
        )
        if random.random() < tap.states:
            messages.append(State(len(messages)))
        if random.random() < tap.pauses:
            messages.append(Pause(random.choice((0.5, 5.0, 200.0, 400.0))))
    return messages


def _outcome(random: Random, tap: _Tap) -> Outcome:
    if random.random() < tap.refused:
        return "refused"
    if random.random() < tap.other:
        return random.choice(("dropped", "dropped", "invalid"))
    return "delivered"


def _interrupted_attempt(random: Random) -> Attempt:
    stops: tuple[Stop, ...] = ("signal", "signal", "fatal", "crash", "crash", "stdout")
    return Attempt(
        stop=random.choice(stops),
        stop_at_step=int(random.expovariate(1 / 40)),
        max_rejected=random.choice((None, 2, 1000, 1000, 1000)),
        faults=_faults(random),
    )


def _uninterrupted_attempt(random: Random) -> Attempt:
    """Return a run that nothing stops, but that faults may end."""
    return Attempt("none", 0, 5000, _faults(random))


#: Without faults, so that the last run always succeeds.
_LAST_ATTEMPT = Attempt("none", 0, 5000, Faults(0.1))


def _faults(random: Random) -> Faults:
    mean_seconds = random.choice((0.01, 0.1, 1.0, 10.0))
    if random.random() < 0.3:
        return Faults(mean_seconds)
    probability = random.choice((0.02, 0.1, 0.2))
    return Faults(mean_seconds, *(random.choice((0.0, probability)) for _ in range(6)))
