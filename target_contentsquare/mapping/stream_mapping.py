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

    `setting` names the entry in the `streams` setting, for errors. `project_id` is
    None where the credentials know theirs. `fields` maps enrichment fields to
    properties.
    """

    setting: str
    user_id: str = "user_id"
    session_number: str = "session_number"
    session_key: str | None = None
    session_started_at: str | None = None
    enrichment_number: int | str = 1
    project_id: int | str | None = None
    integration_version: int = 1
    integration_schema: IntegrationSchema | None = None
    fields: Mapping[str, str] | None = None
    max_session_age_days: float = MAX_SESSION_AGE_DAYS
    truncate_strings: bool = False


@dataclass(frozen=True, slots=True)
class MappedField:
    """An enrichment field, the property that it is filled from, and how.

    `type` is None where neither schema says it: each value then goes by what it is.
    `is_promised` says that the stream's schema promises values of just this type.
    """

    name: str
    property: str
    type: FieldType | None
    optional: bool = True
    is_promised: bool = False
