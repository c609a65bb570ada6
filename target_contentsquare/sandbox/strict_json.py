"""JSON as RFC 8259 has it, which is stricter than Python's parser."""

import json
from typing import NoReturn


def parse(body: bytes) -> object:
    """Return the value of a UTF-8 JSON text.

    Raises:
        ValueError: not UTF-8, not JSON, the literals NaN or Infinity, the same key
            twice in one object, or nested too deeply to read.
    """
    try:
        return json.loads(
            body.decode("utf-8"),
            object_pairs_hook=_without_duplicates,
            parse_constant=_no_constant,
        )
    except RecursionError as error:
        message = "nested too deeply"
        raise ValueError(message) from error


def _without_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    names = [name for name, _ in pairs]
    twice = next(name for name in names if names.count(name) > 1)
    message = f"the key {twice!r} comes twice in one object"
    raise ValueError(message)


def _no_constant(literal: str) -> NoReturn:
    message = f"{literal} is not JSON"
    raise ValueError(message)
