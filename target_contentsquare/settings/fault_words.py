"""What is wrong with a config, in words that name the setting and never its value."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from jsonschema import ValidationError


def describe_fault(error: ValidationError) -> str:
    """Return a JSON schema error in words that name the setting and what is allowed."""
    path = ".".join(str(part) for part in error.absolute_path)
    if error.validator == "required":
        return _describe_missing(error, path)
    if error.validator == "additionalProperties":
        return _describe_unknown(error, path)
    allowed = _allowed(str(error.validator), error.validator_value)
    return f"{path or 'config'}: must be {allowed}"


def _describe_missing(error: ValidationError, path: str) -> str:
    instance: Any = error.instance
    schema: Any = error.schema
    required: Any = error.validator_value
    prefix = f"{path}." if path else ""
    others = [key for key in instance if key not in schema["properties"]]
    return "; ".join(
        f"{prefix}{key}: is required{similar(key, others, 'is it')}"
        for key in required
        if key not in instance
    )


def _describe_unknown(error: ValidationError, path: str) -> str:
    instance: Any = error.instance
    schema: Any = error.schema
    known = schema["properties"]
    unknown = ", ".join(f"'{key}'" for key in instance if key not in known)
    return f"{path}: has no {unknown}; allowed: {', '.join(known)}"


def _allowed(validator: str, limit: Any) -> str:
    if validator == "type":
        types = [limit] if isinstance(limit, str) else limit
        return " or ".join(name for name in types if name != "null")
    words = {
        "minimum": f"at least {limit}",
        "maximum": f"at most {limit}",
        "exclusiveMinimum": f"more than {limit}",
        "minLength": "a text that is not empty",
        "minProperties": "an object with at least one entry",
    }
    return words.get(validator, f"valid ({validator})")


def unknown_settings(config: Mapping[str, Any], known: Iterable[str]) -> list[str]:
    """Return a warning for each setting that there is not, and what may be meant."""
    known = tuple(known)
    return [
        f"there is no setting '{name}', it is ignored"
        f"{similar(name, known, 'did you mean')}"
        for name in config
        if name not in known
    ]


def similar(name: str, others: Iterable[str], question: str) -> str:
    """Return the end of a sentence that asks for the most similar of other names.

    Empty where none is similar.
    """
    near = get_close_matches(name, others, n=1)
    return f"; {question} '{near[0]}'?" if near else ""
