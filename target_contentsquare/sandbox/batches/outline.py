"""What can be read of a batch, whatever is wrong with it."""

from collections.abc import Mapping
from dataclasses import dataclass

from target_contentsquare.sandbox import strict_json


@dataclass(frozen=True, slots=True)
class Outline:
    """A batch as far as it can be read."""

    document: object
    problem: str | None = None

    @classmethod
    def of(cls, body: bytes) -> "Outline":
        """Return the outline of a body; `problem` says what is wrong with its JSON."""
        try:
            return cls(strict_json.parse(body))
        except ValueError as error:
            return cls(None, f"the body is not JSON: {error}")

    @property
    def rows(self) -> int:
        """Return how many enrichments there are, 0 where that can't be read."""
        return len(self._enrichments())

    @property
    def project_id(self) -> int | None:
        """Return the project, if it can be read."""
        return _integer(self._get("projectId"))

    @property
    def integration_version(self) -> int | None:
        """Return the integration version, if it can be read."""
        return _integer(self._get("integrationVersion"))

    def user_id(self, row: int) -> str | None:
        """Return the user id of an enrichment, if it can be read."""
        user = self._of_row(row, "userId")
        return user if isinstance(user, str) else None

    def session_number(self, row: int) -> int | None:
        """Return the session number of an enrichment, if it can be read."""
        return _integer(self._of_row(row, "sessionNumber"))

    def _of_row(self, row: int, name: str) -> object:
        enrichment = self._enrichments()[row]
        return enrichment.get(name) if isinstance(enrichment, Mapping) else None

    def _enrichments(self) -> list[object]:
        rows = self._get("enrichments")
        return rows if isinstance(rows, list) else []

    def _get(self, name: str) -> object:
        return self.document.get(name) if isinstance(self.document, Mapping) else None


def _integer(value: object) -> int | None:
    return value if type(value) is int else None
