"""One function per mapping: written out as straight code, since every row runs it.

Asking the mapping again for each row what it asked for costs more than all the
conversions; written out, what does not apply is not there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from target_contentsquare.enrichment import Enrichment, Key
from target_contentsquare.errors import UnfitValueError

if TYPE_CHECKING:
    from target_contentsquare.mapping.fields import Converter

# Why a row is dropped: expected, so not errors.
SESSION_TOO_OLD = "session_too_old"
NO_ENRICHMENT_FIELDS = "no_enrichment_fields"

#: The enrichment and its key, or why the row is dropped.
Outcome: TypeAlias = tuple[Key, Enrichment] | str
#: Takes a row's values, and when the oldest sessions that are sent may have started;
#: raises `UnfitValueError`.
RowFunction: TypeAlias = Callable[[Sequence[Any], datetime], Outcome]


@dataclass(frozen=True, slots=True)
class Cell:
    """A value of the row, by its index, and what it has to go through, if anything."""

    index: int
    convert: Callable[[Any], Any] | None


@dataclass(frozen=True, slots=True)
class FieldCell:
    """An enrichment field and the value that it is filled from."""

    name: str
    index: int
    convert: Converter | None
    optional: bool


@dataclass(frozen=True, slots=True)
class RowPlan:
    """What the function does.

    Attributes:
        width: How many values a row has.
        session: One cell that holds both parts, or the user id and the session number.
        number: The enrichment number, or where it is.
        project: The project, or where it is; None for the credentials' own.
    """

    width: int
    session: tuple[Cell, ...]
    started_at: Cell | None
    number: int | Cell
    project: int | Cell | None
    fields: tuple[FieldCell, ...]


@dataclass(slots=True)
class _Code:
    """Lines of the function, and the objects that they name."""

    lines: list[str] = field(default_factory=list)
    names: dict[str, Any] = field(default_factory=dict)

    def name(self, value: Any) -> str:
        """Make an object known to the lines."""
        name = f"object_{len(self.names)}"
        self.names[name] = value
        return name

    def value(self, cell: Cell | FieldCell) -> str:
        """The expression for a cell's value, converted."""
        if cell.convert is None:
            return f"value_{cell.index}"
        return f"{self.name(cell.convert)}(value_{cell.index})"

    def constant_or_value(self, one: int | Cell | None) -> str:
        return self.value(one) if isinstance(one, Cell) else repr(one)


def write_row_function(plan: RowPlan) -> RowFunction:
    """Write the function that turns a row into an enrichment.

    Nothing of the settings or the schema becomes code but indexes and numbers.
    """
    code = _Code()
    code.lines += ["def enrich(values, oldest):"]
    values = ", ".join(f"value_{index}" for index in range(plan.width))
    code.lines += [f"    {values}, = values"]
    if plan.started_at is not None:
        _write_age(code, plan.started_at)
    session = ", ".join(code.value(cell) for cell in plan.session)
    code.lines += [
        f"    user_id, session_number = {session}",
        f"    number = {code.constant_or_value(plan.number)}",
        f"    project = {code.constant_or_value(plan.project)}",
    ]
    _write_fields(code, plan.fields)
    enrichment, make = code.name(Enrichment), code.name(fields_struct(plan.fields))
    fields = ", ".join(f"field_{index}" for index in range(len(plan.fields)))
    code.lines += [
        (
            "    return (project, user_id, session_number, number), "
            f"{enrichment}(user_id, session_number, number, {make}({fields}))"
        )
    ]
    exec("\n".join(code.lines), code.names)  # noqa: S102 - see the module's docstring
    function: RowFunction = code.names["enrich"]
    return function


def _write_age(code: _Code, started_at: Cell) -> None:
    code.lines += [
        f"    start = {code.value(started_at)}",
        "    if start is not None and start < oldest:",
        f"        return {SESSION_TOO_OLD!r}",
    ]


def _write_fields(code: _Code, fields: Sequence[FieldCell]) -> None:
    code.lines += ["    try:"]
    for index, one in enumerate(fields):
        value = code.value(one)
        if one.convert is not None:
            code.lines += [f"        at = {index}"]
            value = f"None if value_{one.index} is None else {value}"
        code.lines += [f"        field_{index} = {value}"]
    names = code.name([one.name for one in fields])
    nothing = " and ".join(f"field_{index} is None" for index in range(len(fields)))
    code.lines += [
        f"    except {code.name(UnfitValueError)} as error:",
        f"        error.field = {names}[at]",
        "        raise",
        f"    if {nothing}:",
        f"        return {NO_ENRICHMENT_FIELDS!r}",
    ]
    for index, one in enumerate(fields):
        if not one.optional:
            code.lines += [
                f"    if field_{index} is None:",
                f"        raise {code.name(_missing)}({names}[{index}])",
            ]


def _missing(name: str) -> UnfitValueError:
    detail = "null or missing, and the integration schema says not optional"
    return UnfitValueError("missing_field", detail, name)


def fields_struct(fields: Sequence[FieldCell]) -> type[msgspec.Struct]:
    """A struct that encodes as the object of a row's fields, without those it lacks."""
    return msgspec.defstruct(
        "Fields",
        [(f"field_{index}", Any, None) for index in range(len(fields))],
        rename={f"field_{index}": one.name for index, one in enumerate(fields)},
        omit_defaults=True,
        gc=False,
    )
