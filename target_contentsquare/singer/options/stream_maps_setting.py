"""Checking the setting `stream_maps`: the SDK says no more than "not valid"."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_NULLS = (None, "__NULL__")
#: The SDK evaluates each level of an expression with two calls, and Python's limit is
#: 1000 calls. `a + b + c` has two levels.
_MAX_LEVELS = 300


def stream_maps_faults(maps: Any) -> Iterator[str]:
    """Find what is wrong with the stream maps; each fault names the setting.

    Args:
        maps: The setting. One that is no object is left to the JSON schema.
    """
    for stream, stream_map in maps.items() if isinstance(maps, dict) else ():
        setting = f"stream_maps.{stream}"
        if stream.startswith("__"):
            yield from _else_faults(setting, stream_map)
        elif isinstance(stream_map, dict):
            for name, value in stream_map.items():
                if (allowed := _allowed(name, value)) is not None:
                    yield f"{setting}.{name}: must be {allowed}"
        elif stream_map not in _NULLS:
            yield f"{setting}: must be an object, or null to leave it out"


def _else_faults(setting: str, stream_map: Any) -> Iterator[str]:
    if setting != "stream_maps.__else__":
        yield f"{setting}: must be the name of a stream, or __else__"
    elif isinstance(stream_map, dict) or stream_map not in _NULLS:
        yield f"{setting}: must be null"


def _allowed(name: str, value: Any) -> str | None:
    """Return what an entry of a stream's map must be; None if it is that."""
    if name == "__else__":
        is_fine = not isinstance(value, (dict, list)) and value in _NULLS
        return None if is_fine else "null"
    if name == "__key_properties__":
        is_fine = value is None or (
            isinstance(value, list)
            and all(isinstance(key, str) and key for key in value)
        )
        return None if is_fine else "a list of properties, or null"
    if name in {"__alias__", "__source__"}:
        is_fine = isinstance(value, str) and value.strip() != ""
        return None if is_fine else "a text that is not empty"
    return None if value in _NULLS else _allowed_expression(value)


def _allowed_expression(value: Any) -> str | None:
    if not isinstance(value, str) or not value.strip():
        return "an expression in a text, or null"
    try:
        tree = ast.parse(value)
    except SyntaxError as error:
        return f"an expression in Python: {error.msg}, see column {error.offset}"
    except ValueError:  # a lone surrogate, or a null before Python 3.12
        return "an expression in Python"
    except (RecursionError, MemoryError):
        tree = None
    if tree is not None and not tree.body:  # nothing but a comment
        return "an expression in Python"
    if tree is None or _is_deeper(tree, _MAX_LEVELS):
        return f"an expression of at most {_MAX_LEVELS} nested operations"
    return None


def _is_deeper(tree: ast.AST, levels: int) -> bool:
    """Return whether a syntax tree is deeper; found without recursion."""
    level = [tree]
    for _ in range(levels + 3):  # a module, its statement, and the way a name is used
        level = [child for node in level for child in ast.iter_child_nodes(node)]
        if not level:
            return False
    return True
