"""Whole rows checked against their stream's JSON schema, for `validate_records`."""

from __future__ import annotations

import math
import re
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from jsonschema import (
    Draft4Validator,
    Draft6Validator,
    Draft7Validator,
    Draft201909Validator,
    Draft202012Validator,
    FormatChecker,
    SchemaError,
    ValidationError,
    validators,
)
from jsonschema_specifications import (  # type: ignore[import-untyped] # has no types
    REGISTRY,
)
from referencing.exceptions import Unresolvable

from target_contentsquare.delivery.rejects import Rejection
from target_contentsquare.errors import Fault, InputError
from target_contentsquare.singer.streams.patterns import without_foreign_patterns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from logging import Logger

    from target_contentsquare.singer.input.tap_stream import TapStream

# The newest first. The library has no types.
_DRAFTS: tuple[Any, ...] = (
    Draft202012Validator,
    Draft201909Validator,
    Draft7Validator,
    Draft6Validator,
    Draft4Validator,
)
_REASON = "invalid_record"
_TOO_DEEP = "nested too deep"


def record_checker(
    source: TapStream, log: Logger
) -> Callable[[Mapping[str, Any]], Rejection | None]:
    """Return what says why a row does not fit its stream's schema, or None if it does.

    The schema is read as the draft of JSON schema that its `$schema` names or, if that
    is none of drafts 4 to 2020-12, as the newest of them in which it is valid.

    Raises:
        InputError: It is valid in none; so does the checker, if a `$ref` of the schema
            leads nowhere.
    """
    stream = source.name
    try:
        schema, foreign = without_foreign_patterns(source.schema["schema"])
    except RecursionError:
        raise _not_valid(stream, _TOO_DEEP) from None
    if foreign:
        log.warning(
            "stream '%s': validate_records leaves out patterns that Python's regular "
            "expressions can't express: %s",
            stream,
            ", ".join(foreign),
        )
    validator = _validator(stream, schema)

    def check(record: Mapping[str, Any]) -> Rejection | None:
        try:
            messages = [str(error.message) for error in validator.iter_errors(record)]
        except RecursionError:
            return Rejection(_REASON, None, f"{_TOO_DEEP} to be checked")
        except Unresolvable:
            raise InputError(
                f"stream '{stream}': its schema has a $ref that leads nowhere: correct "
                "the tap, or leave validate_records off"
            ) from None
        except Exception as error:  # noqa: BLE001 - the library raises anything here
            # Draft 4, for one, takes a schema whose $ref is not a text.
            raise _not_valid(stream, type(error).__name__) from None
        if not messages:
            return None
        first, *more = messages
        faults = tuple(Fault(_REASON, None, message) for message in more)
        return Rejection(_REASON, None, first, faults)

    return check


def _validator(stream: str, schema: Mapping[str, Any]) -> Any:
    extend: Any = validators.extend  # has no types
    draft = extend(_draft_of(stream, schema), {"multipleOf": _multiple_of})
    # With this registry a $ref never makes it download anything.
    return draft(schema, registry=REGISTRY)


def _draft_of(stream: str, schema: Mapping[str, Any]) -> Any:
    """Return the draft that a schema is written in."""
    named = _named_draft(schema.get("$schema"))
    drafts = _DRAFTS if named is None else (named,)
    faults = {draft: _fault_of(schema, draft) for draft in drafts}
    for draft, fault in faults.items():
        if fault is None:
            return draft
    raise _not_valid(stream, str(faults[drafts[-1]]))


def _not_valid(stream: str, reason: str) -> InputError:
    return InputError(
        f"stream '{stream}': its schema is not a valid JSON schema ({reason}): correct "
        "the tap, or leave validate_records off"
    )


def _named_draft(uri: Any) -> Any:
    """Return the draft that `$schema` names; None if it is none of `_DRAFTS`."""
    # Drafts up to 7 have names with http, and are often written with https.
    as_named = re.sub(r"^https(?=://json-schema\.org/draft-0)", "http", str(uri))
    unknown: Any = None
    try:
        named = validators.validator_for({"$schema": as_named}, default=unknown)
    except ValueError:  # no URI
        return None
    return named if named in _DRAFTS else None


def _fault_of(schema: Mapping[str, Any], draft: Any) -> str | None:
    """Return the keyword that is not valid in a draft; None if all are."""
    try:
        draft.check_schema(schema, format_checker=FormatChecker(formats=()))
    except SchemaError as error:
        return str(error.validator)
    except RecursionError:
        return _TOO_DEEP
    return None


def _multiple_of(
    validator: Any, step: Any, value: Any, schema: Any
) -> Iterator[ValidationError]:
    """Check steps such as 0.01, which floats do not keep."""
    _ = validator, schema
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return
    # Exact however large, which Decimal is not; what is infinite is no multiple.
    if not math.isfinite(value) or Fraction(repr(value)) % Fraction(repr(step)):
        yield ValidationError(f"{value} is not a multiple of {step}")
