"""Values nested deeper than a JSON reader goes: Python's end at about 1,000 levels."""

from __future__ import annotations

import re

#: A value of a record may be nested in as many levels as this.
MOST_LEVELS = 100
# A property's value is at the third level: message, record, value.
_VALUE_LEVEL = 3
_TOKENS = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{}]', re.DOTALL)
#: A text that no line in UTF-8 can hold but as an escape.
_STAND_IN = b'"\\udcff"'


def without_deep_values(line: bytes) -> bytes:
    """Return a line of JSON with each deep value of its record replaced by a text.

    It goes from bracket to bracket, and so takes any number of levels.
    """
    kept: list[bytes] = []
    level = deepest = kept_up_to = start = 0
    for token in _TOKENS.finditer(line):
        bracket = token[0]
        if bracket in b"[{":
            level += 1
            deepest = max(deepest, level)
            if level == _VALUE_LEVEL:
                start, deepest = token.start(), level
        elif bracket in b"]}":
            if level == _VALUE_LEVEL and deepest > MOST_LEVELS:
                kept += [line[kept_up_to:start], _STAND_IN]
                kept_up_to = token.end()
            level -= 1
    return b"".join([*kept, line[kept_up_to:]])
