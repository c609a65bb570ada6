"""The body of `POST /v1/enrichments`: its shape, apart from any schema."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from target_contentsquare.sandbox.batches.integration_schema import NAME_BYTES
from target_contentsquare.sandbox.batches.values import type_of, why_not, why_not_text
from target_contentsquare.sandbox.errors import PayloadError

MAX_ENRICHMENTS: Final = 200
MAX_ENRICHMENT_NUMBER: Final = 3


class Key(NamedTuple):
    """What an enrichment is stored under; the same key again overwrites it."""

    project_id: int
    user_id: str
    session_number: int
    enrichment_number: int


@dataclass(frozen=True, slots=True)
class Enrichment:
    """One enrichment as it came in the batch."""

    key: Key
    fields: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Envelope:
    """A batch whose own three keys are right; its enrichments are unchecked."""

    integration_version: int
    project_id: int
    rows: list[object]

    @classmethod
    def from_json(cls, document: object) -> "Envelope":
        """Return the envelope of a batch.

        Raises:
            PayloadError: an unknown, missing or mistyped key, no enrichments, or
                more than the documented 200.
        """
        names = {"integrationVersion", "projectId", "enrichments"}
        body = _object_of("the body", document, names, optional=frozenset())
        rows = body["enrichments"]
        if not isinstance(rows, list) or not 1 <= len(rows) <= MAX_ENRICHMENTS:
            message = f"enrichments must be a list of 1 to {MAX_ENRICHMENTS}"
            raise PayloadError(message)
        version = _integer("integrationVersion", body["integrationVersion"])
        return cls(version, _integer("projectId", body["projectId"]), rows)


def read_enrichment(document: object, project_id: int, row: int) -> Enrichment:
    """Return one enrichment of a batch, checked by the rules of every schema.

    Args:
        document: the enrichment's JSON.
        project_id: the project that the batch names.
        row: its index in the batch, for the reason.

    Raises:
        PayloadError: it breaks one of them.
    """
    names = {"userId", "sessionNumber", "enrichmentNumber", "enrichment"}
    optional = frozenset({"enrichmentNumber"})
    body = _object_of("an enrichment", document, names, optional=optional, row=row)
    number = _enrichment_number(body.get("enrichmentNumber", 1), row)
    session = _session_number(body["sessionNumber"], row)
    user = _user_id(body["userId"], row)
    fields = _fields(body["enrichment"], row)
    return Enrichment(Key(project_id, user, session, number), fields)


def check_scalars(fields: Mapping[str, object], row: int) -> None:
    """Check fields that no schema is registered for.

    Raises:
        PayloadError: a value is of none of Contentsquare's types; the first is told.
    """
    for name, value in fields.items():
        field_type = type_of(value)
        if field_type is None:
            rule = "is neither text, a number nor a boolean"
            raise PayloadError(f"{name!r} {rule}", row, field=name, rule=rule)
        if problem := why_not(value, field_type):
            raise problem.of_field(name, row)


def _object_of(
    what: str,
    document: object,
    names: set[str],
    *,
    optional: frozenset[str],
    row: int | None = None,
) -> dict[str, object]:
    if not isinstance(document, dict):
        message = f"{what} must be an object"
        raise PayloadError(message, row)
    if unknown := sorted(document.keys() - names):
        message = f"{what} has the unknown key {unknown[0]!r}"
        raise PayloadError(message, row, field=unknown[0], rule="unknown key")
    if missing := sorted(names - optional - document.keys()):
        message = f"{what} lacks {missing[0]}"
        raise PayloadError(message, row, field=missing[0], rule="is missing")
    return document


def _integer(name: str, value: object, row: int | None = None) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise _wrong(name, "must be an integer", row)
    return value


def _user_id(value: object, row: int) -> str:
    if not isinstance(value, str) or not value:
        raise _wrong("userId", "must be text that is not empty", row)
    if problem := why_not_text(value):
        message = f"userId: {problem.detail}"
        raise PayloadError(message, row, field="userId", rule=problem.rule)
    return value


def _session_number(value: object, row: int) -> int:
    number = _integer("sessionNumber", value, row)
    if number < 1:
        # The nth session of a user: the documentation counts from 1.
        raise _wrong("sessionNumber", "must be 1 or more", row, number)
    return number


def _enrichment_number(value: object, row: int) -> int:
    number = _integer("enrichmentNumber", value, row)
    if not 1 <= number <= MAX_ENRICHMENT_NUMBER:
        rule = f"must be 1 to {MAX_ENRICHMENT_NUMBER}"
        raise _wrong("enrichmentNumber", rule, row, number)
    return number


def _fields(value: object, row: int) -> Mapping[str, object]:
    if not isinstance(value, dict) or not value:
        raise _wrong("enrichment", "must be an object with at least one field", row)
    for name in value:
        if not name:
            message = "a field has an empty name"
            raise PayloadError(message, row)
        if problem := why_not_text(name, NAME_BYTES):
            message = f"the name of field {name[:60]!r}: {problem.detail}"
            rule = f"a field's name is {problem.rule}"
            raise PayloadError(message, row, rule=rule)
    return value


def _wrong(
    name: str, rule: str, row: int | None, number: int | None = None
) -> PayloadError:
    reason = f"{name} {rule}" if number is None else f"{name} {rule}, not {number}"
    return PayloadError(reason, row, field=name, rule=rule)
