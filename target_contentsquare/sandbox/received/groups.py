"""Refusals, counted by what they have in common."""

from collections.abc import Hashable
from dataclasses import dataclass
from heapq import nlargest
from typing import Final, Generic, TypeVar

MOST_GROUPS: Final = 1000

Summary = TypeVar("Summary")


@dataclass(slots=True)
class Group(Generic[Summary]):
    """Requests that were refused for the same reason.

    Attributes:
        first: the first of them.
        last: the newest of them.
        count: how many there are.
    """

    first: Summary
    last: Summary
    count: int = 1


class Groups(Generic[Summary]):
    """Counts requests in at most 1,000 groups.

    Attributes:
        beyond: requests of further groups, which are only counted.
    """

    def __init__(self) -> None:
        """Make one without groups."""
        self._groups: dict[Hashable, Group[Summary]] = {}
        self.beyond = 0

    def __len__(self) -> int:
        return len(self._groups)

    def add(self, key: Hashable, summary: Summary) -> None:
        """Count a request in the group of this key."""
        if group := self._groups.get(key):
            group.count += 1
            group.last = summary
        elif len(self._groups) < MOST_GROUPS:
            self._groups[key] = Group(summary, summary)
        else:
            self.beyond += 1

    def commonest(self, most: int) -> list[Group[Summary]]:
        """Return the groups with most requests, the largest first."""
        return nlargest(most, self._groups.values(), key=lambda group: group.count)
