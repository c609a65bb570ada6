"""Whole rows checked against their stream's JSON schema, for `validate_records`."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from jsonschema import Draft7Validator, SchemaError, ValidationError, validators
from referencing.exceptions import Unresolvable

from target_contentsquare.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping


def record_checker(
    stream: str, schema: Mapping[str, Any]
) -> Callable[[Mapping[str, Any]], str | None]:
    """Return what says why a row does not fit its stream's schema, or None if it does.

    Raises:
        InputError: The schema is not valid; so does the checker, if a `$ref` of the
            schema leads nowhere.
    """
    try:
        Draft7Validator.check_schema(schema)
    except SchemaError as error:
        raise InputError(
            f"stream '{stream}': its schema is not a valid JSON schema "
            f"({error.validator}): correct the tap, or leave validate_records off"
        ) from None
    extend: Any = validators.extend  # has no types
    validator = extend(Draft7Validator, {"multipleOf": _multiple_of})(schema)

    def check(record: Mapping[str, Any]) -> str | None:
        try:
            error = next(validator.iter_errors(record), None)
        except (Unresolvable, RecursionError):
            raise InputError(
                f"stream '{stream}': its schema has a $ref that leads nowhere: correct "
                "the tap, or leave validate_records off"
            ) from None
        return None if error is None else str(error.message)

    return check


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
