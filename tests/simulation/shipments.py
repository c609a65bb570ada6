"""Which rows have to be sent together, by the plainest reading of the contract."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator

    from target_contentsquare.enrichment import Key
    from tests.simulation.scenario import Given

#: Rows by their number, in the order they were read.
Part: TypeAlias = tuple[int, ...]
Place: TypeAlias = tuple[int | None, int]


@dataclass(eq=False, slots=True)
class Shipment:
    """A batch that is on its way.

    Attributes:
        older: Those before it that share a key with it.
        parts: What it still consists of: itself, later halves, then nothing.
        answers: Requests for it that were decided, one way or the other.
    """

    rows: dict[Key, Given]
    older: list[Shipment]
    parts: set[Part] = field(default_factory=set)
    answers: int = 0

    @property
    def may_go(self) -> bool:
        """Nothing with a key of its is still on its way."""
        return all(not one.parts for one in self.older)

    @property
    def most_answers(self) -> int:
        """One, and two for each halving of a part with a bad row in it."""
        bad = sum(given.kind == "bad" for given in self.rows.values())
        return 1 + 2 * bad * math.ceil(math.log2(len(self.rows)))

    def halve(self, part: Part) -> None:
        """A part was refused."""
        middle = (len(part) + 1) // 2
        self.parts.remove(part)
        self.parts |= {part[:middle], part[middle:]}


@dataclass(slots=True)
class _Open:
    opened_at: float
    rows: dict[Key, Given] = field(default_factory=dict)


class Shipments:
    """Fills batches, and knows what is on its way.

    Args:
        size: Rows at which a batch is full.
        seen: As in `Witness`.
    """

    def __init__(self, size: int, seen: Counter[str]) -> None:
        self._size = size
        self._seen = seen
        self._open: dict[Place, _Open] = {}
        self._under_way: dict[Shipment, None] = {}
        self._owner: dict[int, Shipment] = {}

    def __iter__(self) -> Iterator[Shipment]:
        return iter(self._under_way)

    def of(self, number: int) -> Shipment | None:
        """The shipment of a row that has left its open batch."""
        return self._owner.get(number)

    def add(self, given: Given, now: float) -> Given | None:
        """Put a row in its batch; gives the row that it replaces."""
        home = (given.key[0], given.version)
        replaced = None
        for place, one in list(self._open.items()):
            if given.key in one.rows:
                replaced = one.rows.pop(given.key)
                if not one.rows and place != home:
                    del self._open[place]
        filling = self._open.setdefault(home, _Open(now))
        filling.rows[given.key] = given
        if len(filling.rows) == self._size:
            self._ship(home)
        return replaced

    def ship_opened_until(self, moment: float) -> None:
        """What was begun then or before goes now."""
        for place in [p for p, one in self._open.items() if one.opened_at <= moment]:
            self._seen["part-filled batch"] += 1
            self._ship(place)

    def settle(self, shipment: Shipment, part: Part) -> None:
        """Its rows are accounted for."""
        shipment.parts.remove(part)
        if not shipment.parts:
            del self._under_way[shipment]

    def _ship(self, place: Place) -> None:
        rows = self._open.pop(place).rows
        older = [one for one in self._under_way if one.rows.keys() & rows.keys()]
        shipment = Shipment(rows, older)
        shipment.parts.add(tuple(given.number for given in rows.values()))
        self._under_way[shipment] = None
        self._owner.update(dict.fromkeys((g.number for g in rows.values()), shipment))
        self._seen["batch behind another"] += not shipment.may_go
