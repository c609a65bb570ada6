"""What the settings say of a stream, as values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from target_contentsquare.mapping.session_age import MAX_SESSION_AGE_DAYS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from target_contentsquare.mapping.fields import FieldType
    from target_contentsquare.mapping.integration_schema import IntegrationSchema


@dataclass(frozen=True, slots=True)
class StreamMapping:
    """What the settings say of a stream, defaults filled in.

    Attributes:
        setting: The entry in the setting `streams`, such as `streams.calls`, which
            errors name.
        enrichment_number: 1 to 3, the column that holds it, or `auto`.
        project_id: The project, or the column that holds it; None for the only one
            that the credentials cover.
        integration_id: The stream's own; None where it has none.
        fields: Maps enrichment fields to columns; None for all that can be sent.
    """

    setting: str
    user_id: str = "user_id"
    session_number: str = "session_number"
    session_key: str | None = None
    session_started_at: str | None = None
    enrichment_number: int | str = 1
    project_id: int | str | None = None
    integration_id: int | str | None = None
    integration_version: int = 1
    integration_schema: IntegrationSchema | None = None
    fields: Mapping[str, str] | None = None
    max_session_age_days: float = MAX_SESSION_AGE_DAYS
    truncate_strings: bool = False

    @property
    def is_numbered_by_memory(self) -> bool:
        """Whether the memory gives the rows of a session their enrichment numbers."""
        return self.enrichment_number == "auto"


@dataclass(frozen=True, slots=True)
class MappedField:
    """An enrichment field, the column that it is filled from, and how.

    Attributes:
        type: None where neither schema states it: each value is then sent by what it
            is itself.
        optional: False: a row without a value is rejected.
        typed: The column promises values of just this type.
    """

    name: str
    column: str
    type: FieldType | None
    optional: bool = True
    typed: bool = False
