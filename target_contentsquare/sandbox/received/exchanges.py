"""Batches as they came, and their answers."""

from dataclasses import dataclass
from typing import Final

MOST: Final = 100
MOST_BYTES: Final = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """What a batch was answered.

    Attributes:
        status: the HTTP status.
        headers: those that say something about the answer.
        text: the body.
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    text: str


@dataclass(frozen=True, slots=True)
class Exchange:
    """A batch and its answer.

    Attributes:
        body: the batch as it came.
        authorization: its header, where the token was issued here.
        answer: None where the connection was cut.
    """

    body: bytes
    authorization: str | None
    answer: Answer | None


class RecentExchanges:
    """Keeps the last 100 exchanges, with at most 8 MB of bodies."""

    def __init__(self) -> None:
        """Make one without exchanges."""
        self._exchanges: dict[int, Exchange] = {}
        self._bytes = 0

    def add(self, number: int, exchange: Exchange) -> None:
        """Keep an exchange, and forget the oldest ones that are too many."""
        self._exchanges[number] = exchange
        self._bytes += len(exchange.body)
        while len(self._exchanges) > MOST or self._bytes > MOST_BYTES:
            oldest = self._exchanges.pop(next(iter(self._exchanges)))
            self._bytes -= len(oldest.body)

    def get(self, number: int) -> Exchange | None:
        """Return the exchange of this request; None where it is not kept."""
        return self._exchanges.get(number)
