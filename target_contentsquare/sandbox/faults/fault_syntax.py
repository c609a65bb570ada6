"""Faults as they are written on the command line and in JSON."""

import re
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from target_contentsquare.sandbox.faults.fault import Fault


def fault_from_text(text: str) -> Fault:
    """Read `status=503,count=3,retry_after=1`; `count=always` has no end.

    A comma separates only where a known name follows, so that a body and the HTTP
    date of a Retry-After may hold some.

    Raises:
        ValueError: an unknown name, a value of the wrong type, or a fault that
            contradicts itself.
    """
    names = "|".join(_names())
    parts = re.split(rf",(?=(?:{names})=)", text)
    given: dict[str, object] = {}
    for part in parts:
        name, equals, value = part.partition("=")
        if not equals:
            message = f"{part!r} is not written name=value"
            raise ValueError(message)
        given[name] = _from_text(name, value)
    return fault_from_json(given)


def fault_from_json(given: object) -> Fault:
    """Read a fault from a JSON object whose keys are `Fault`'s attributes.

    Raises:
        ValueError: as `fault_from_text`.
    """
    if not isinstance(given, Mapping):
        message = "a fault is a JSON object"
        raise ValueError(message)  # noqa: TRY004 - the request is wrong, not the code
    if unknown := sorted(given.keys() - set(_names())):
        message = f"unknown name {unknown[0]!r}; known: {', '.join(_names())}"
        raise ValueError(message)
    values: dict[str, Any] = dict(given)
    if values.get("count") == "always":
        values["count"] = None
    for name, value in values.items():
        _check_type(name, value)
    return Fault(**values)


def _names() -> list[str]:
    return [field.name for field in fields(Fault)]


def _from_text(name: str, value: str) -> object:
    try:
        if name in {"status", "after"} or (name == "count" and value != "always"):
            return int(value)
        return float(value) if name in {"delay_ms", "probability"} else value
    except ValueError:
        message = f"{name} can't be {value!r}"
        raise ValueError(message) from None


def _check_type(name: str, value: object) -> None:
    allowed: tuple[type, ...] = (str,)
    if name in {"status", "after", "count"}:
        allowed = (int,)
    elif name in {"delay_ms", "probability"}:
        allowed = (int, float)
    elif name == "retry_after":
        allowed = (str, int)
    nullable = name not in {"after", "on", "delay_ms"}
    if (value is None and nullable) or (
        isinstance(value, allowed) and not isinstance(value, bool)
    ):
        return
    message = f"{name} can't be {value!r}"
    raise ValueError(message)
