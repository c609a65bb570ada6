"""Whether values are of the types that their columns promise.

The core's fast row function takes only those. Most pieces of a batch hold no values of
other types, so a piece is looked at column by column first, and row by row only if that
finds one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from target_contentsquare.mapping.compile import MappedColumn


def columns_check(
    columns: Sequence[MappedColumn],
) -> Callable[[Sequence[list[Any]]], bool]:
    """Return a function that says of columns whether all their values are typed.

    For a thousand rows it takes a third of the time of a thousand calls of what
    `row_check` returns.
    """
    # A struct and not a tuple: msgspec works out the checks of a struct once, those of
    # a tuple with every call, which takes 16 µs.
    return _check(_struct_of([list[_type_of(column)] for column in columns]))  # type: ignore[misc]


def row_check(
    columns: Sequence[MappedColumn],
) -> Callable[[tuple[Any, ...]], bool]:
    """Return a function that says of a row whether all its values are typed."""
    return _check(_struct_of([_type_of(column) for column in columns]))


def _check(type_: type[msgspec.Struct]) -> Callable[[Sequence[Any]], bool]:
    def is_typed(values: Sequence[Any]) -> bool:
        try:
            msgspec.convert(values, type_)
        except msgspec.ValidationError:
            return False
        return True

    return is_typed


def _struct_of(types: Sequence[Any]) -> type[msgspec.Struct]:
    fields = [(f"f{index}", type_) for index, type_ in enumerate(types)]
    return msgspec.defstruct("Values", fields, array_like=True, gc=False)


def _type_of(column: MappedColumn) -> Any:
    # A key that is not mapped only has to be there.
    return Any if column.typed is msgspec.Raw else column.typed
