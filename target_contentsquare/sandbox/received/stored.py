"""The enrichments as Contentsquare would now have them."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice

from target_contentsquare.sandbox.batches.batch import (
    MAX_ENRICHMENT_NUMBER,
    Enrichment,
    Key,
)


@dataclass(frozen=True, slots=True)
class Stored:
    """An enrichment as Contentsquare would now have it.

    Attributes:
        fields: its fields and values.
        integration_version: of the batch it came in last.
        at: when that was, Unix seconds.
    """

    fields: Mapping[str, object]
    integration_version: int
    at: float


class StoredEnrichments:
    """Keeps enrichments by key, in the order of their last write.

    Args:
        keep: how many are kept. Beyond that a tenth is forgotten at once, those that
            were written first.

    Attributes:
        by_key: the enrichments, oldest write first.
        sessions: how many sessions they belong to.
        forgotten: how many were forgotten.
    """

    def __init__(self, keep: int) -> None:
        """Make one without enrichments."""
        self.keep = keep
        self.by_key: dict[Key, Stored] = {}
        self.sessions = 0
        self.forgotten = 0

    def put(self, enrichment: Enrichment, version: int, at: float) -> None:
        """Keep an enrichment; it overwrites the one with its key."""
        key = enrichment.key
        # A dict keeps the place of a key that it overwrites. Removing it first keeps
        # the order of the last write.
        if self.by_key.pop(key, None) is None:
            self.sessions += not self.of_session(key)
        self.by_key[key] = Stored(enrichment.fields, version, at)
        if len(self.by_key) > self.keep:
            self._forget(len(self.by_key) - self.keep + self.keep // 10)

    def of_session(self, key: Key) -> list[Key]:
        """Return the keys of the enrichments that are kept of this key's session."""
        project, user, session, _ = key
        numbers = range(1, MAX_ENRICHMENT_NUMBER + 1)
        keys = (Key(project, user, session, number) for number in numbers)
        return [found for found in keys if found in self.by_key]

    def _forget(self, count: int) -> None:
        # Many at once: finding the first key of a dict passes over all removed ones.
        for key in list(islice(self.by_key, count)):
            del self.by_key[key]
            self.sessions -= not self.of_session(key)
        self.forgotten += count
