r"""Regular expressions of a JSON schema that Python can't express, taken out of it.

JSON schema has those of JavaScript, which know more, such as `\p{L}` for a letter.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

# Keywords whose values are data and no schemas.
_DATA = frozenset({"const", "default", "enum", "example", "examples"})
# Keywords that say something about the properties that no pattern is for.
_ALL_OTHERS = ("additionalProperties", "unevaluatedProperties")


def without_foreign_patterns(
    schema: Mapping[str, Any],
) -> tuple[Mapping[str, Any], list[str]]:
    """Return a schema without the patterns that Python can't express, and these.

    What a pattern of `patternProperties` would have taken is then allowed.
    """
    foreign: dict[str, None] = {}
    kept = _without(schema, foreign)
    return (kept if foreign else schema), list(foreign)


def _without(part: Any, foreign: dict[str, None]) -> Any:
    if isinstance(part, list):
        return [_without(item, foreign) for item in part]
    if not isinstance(part, dict):
        return part
    kept = {
        key: value if key in _DATA else _without(value, foreign)
        for key, value in part.items()
    }
    pattern = part.get("pattern")
    if isinstance(pattern, str) and not _is_known(pattern):
        foreign[pattern] = None
        del kept["pattern"]
    by_pattern = part.get("patternProperties")
    for pattern in by_pattern if isinstance(by_pattern, dict) else ():
        if not _is_known(pattern):
            foreign[pattern] = None
            del kept["patternProperties"][pattern]
            for key in _ALL_OTHERS:
                kept.pop(key, None)
    return kept


def _is_known(pattern: str) -> bool:
    try:
        re.compile(pattern)
    except (re.error, RecursionError, OverflowError):
        return False
    return True
