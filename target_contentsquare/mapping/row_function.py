"""A mapping as one Python function, written and compiled once per SCHEMA.

Every row of a stream runs it. Straight code takes half the time of the same steps in
closures: 0.45 against 0.95 µs a row. For a stream with two columns besides the
session's three, and an integration schema that says that the first of their fields is
not optional, the function is:

    def enrich(values, oldest):
        [value_0, value_1, value_2, value_3, value_4] = values
        try:
            start = read_session_started_at(value_2)
            if start is not None and start < oldest:
                return 'session_too_old'
            user_id = read_user_id(value_0)
            session_number = read_session_number(value_1)
            field_0 = None if value_3 is None else convert_0(value_3)
            field_1 = None if value_4 is None else convert_1(value_4)
        except UnfitValueError:
            raise unfit(values) from None
        if field_0 is None and field_1 is None:
            return 'no_enrichment_fields'
        if field_0 is None:
            raise unfit(values)
        return (162, user_id, session_number, 1), Enrichment(
            user_id, session_number, 1, Fields(field_0, field_1)
        ), start

Where a decoder has checked a value's type, the function finds out itself whether the
value is sent as it is, and converts it only if not: see `Cell.is_fit`.

`unfit` looks at all values again, slowly, and tells all that is wrong with them. What
users write never becomes code, but for whole numbers: columns and fields go by their
index. The source is registered with `linecache` for as long as the function lives, so
that tracebacks and debuggers show it.
"""

from __future__ import annotations

import itertools
import linecache
import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from target_contentsquare.enrichment import Enrichment, Key
from target_contentsquare.errors import Fault, UnfitValueError

if TYPE_CHECKING:
    from collections.abc import Iterator

# Why a row is dropped: expected, so not errors.
SESSION_TOO_OLD = "session_too_old"
NO_ENRICHMENT_FIELDS = "no_enrichment_fields"

#: The enrichment, its key before it, and when its session started, if that is known;
#: or why the row is dropped.
Outcome: TypeAlias = tuple[Key, Enrichment, datetime | None] | str
#: Takes a row's values, and when the oldest sessions that are sent may have started;
#: raises `UnfitValueError`.
RowFunction: TypeAlias = Callable[[Sequence[Any], datetime], Outcome]


@dataclass(frozen=True, slots=True)
class Cell:
    """One use of a row's value.

    Attributes:
        name: The mapping key or enrichment field that faults name.
        index: Where the value is in the row.
        convert: What the value goes through; None: it is used as it is.
        required: A field without which the row is rejected.
        is_fit: An expression that says of a value, `{0}`, that `convert` would return
            it as it is. To find that out in the function itself takes half the time of
            a call.
    """

    name: str
    index: int
    convert: Callable[[Any], Any] | None
    required: bool = False
    is_fit: str = ""


@dataclass(frozen=True, slots=True)
class RowPlan:
    """What a row function does.

    Attributes:
        width: How many values a row has.
        session: One cell that holds both parts, or the user id and the session number.
        started_at: When the session started; None: not known.
        number: The enrichment number, or where it is.
        project: The project, or where it is; None for the credentials' own.
        fields: The enrichment fields, in the order in which they are sent.
    """

    width: int
    session: tuple[Cell, ...]
    started_at: Cell | None
    number: int | Cell
    project: int | Cell | None
    fields: tuple[Cell, ...]

    @property
    def identity(self) -> tuple[Cell, ...]:
        """The cells that say which enrichment a row is, in the order of faults."""
        cells = (self.started_at, *self.session, self.number, self.project)
        return tuple(cell for cell in cells if isinstance(cell, Cell))


def compile_row_function(plan: RowPlan, stream: str) -> RowFunction:
    """Compile the function that turns a row of a stream into an enrichment.

    Args:
        stream: Names the function's source in tracebacks.
    """
    source = write_row_function(plan)
    filename = _register_source(source, stream)
    names = _names_in(plan)
    # The source is made of fixed words and numbers only: see the module's docstring.
    exec(compile(source, filename, "exec"), names)  # noqa: S102 - measured, see above
    function: RowFunction = names["enrich"]
    weakref.finalize(function, linecache.cache.pop, filename, None).atexit = False
    return function


def write_row_function(plan: RowPlan) -> str:
    """Return the source of a plan's function, as in the module's docstring."""
    values = ", ".join(f"value_{index}" for index in range(plan.width))
    lines = [
        "def enrich(values, oldest):",
        f"    [{values}] = values",
        "    try:",
        *(f"        {line}" for line in _lines_that_may_fail(plan)),
        "    except UnfitValueError:",
        "        raise unfit(values) from None",
        *(f"    {line}" for line in _lines_after(plan)),
    ]
    return "".join(f"{line}\n" for line in lines)


def _lines_that_may_fail(plan: RowPlan) -> Iterator[str]:
    if plan.started_at is not None:
        yield f"start = {_value_of(plan.started_at)}"
        yield "if start is not None and start < oldest:"
        yield f"    return {SESSION_TOO_OLD!r}"
    if len(plan.session) == 1:
        yield f"user_id, session_number = {_value_of(plan.session[0])}"
    else:
        for name, cell in zip(("user_id", "session_number"), plan.session, strict=True):
            yield f"{name} = {_value_of(cell)}"
    for name, place in (("number", plan.number), ("project", plan.project)):
        if isinstance(place, Cell):
            yield f"{name} = {_value_of(place)}"
    for index, cell in enumerate(plan.fields):
        value = f"value_{cell.index}"
        if cell.convert is not None:
            converted = _converted(cell, f"convert_{index}")
            value = f"None if {value} is None else {converted}"
        yield f"field_{index} = {value}"


def _lines_after(plan: RowPlan) -> Iterator[str]:
    fields = [f"field_{index}" for index in range(len(plan.fields))]
    yield f"if {' and '.join(f'{field} is None' for field in fields)}:"
    yield f"    return {NO_ENRICHMENT_FIELDS!r}"
    required = [i for i, cell in enumerate(plan.fields) if cell.required]
    if required:
        yield f"if {' or '.join(f'field_{index} is None' for index in required)}:"
        yield "    raise unfit(values)"
    number = "number" if isinstance(plan.number, Cell) else repr(plan.number)
    project = "project" if isinstance(plan.project, Cell) else repr(plan.project)
    yield f"return ({project}, user_id, session_number, {number}), Enrichment("
    yield f"    user_id, session_number, {number}, Fields({', '.join(fields)})"
    yield f"), {'None' if plan.started_at is None else 'start'}"


def _value_of(cell: Cell) -> str:
    """Return the expression for the value of one of the identity's cells."""
    if cell.convert is None:
        return f"value_{cell.index}"
    return _converted(cell, f"read_{cell.name}")


def _converted(cell: Cell, function: str) -> str:
    value = f"value_{cell.index}"
    called = f"{function}({value})"
    return (
        f"{value} if {cell.is_fit.format(value)} else {called}"
        if cell.is_fit
        else called
    )


def _names_in(plan: RowPlan) -> dict[str, Any]:
    """Return the objects that a plan's source names."""
    return {
        "Enrichment": Enrichment,
        "Fields": _fields_struct(plan.fields),
        "UnfitValueError": UnfitValueError,
        "utc": timezone.utc,
        "unfit": partial(_unfit, plan),
        **{f"read_{cell.name}": cell.convert for cell in plan.identity},
        **{f"convert_{index}": cell.convert for index, cell in enumerate(plan.fields)},
    }


def _fields_struct(fields: Sequence[Cell]) -> type[msgspec.Struct]:
    """Return a struct that encodes as the object of a row's fields, without nulls."""
    return msgspec.defstruct(
        "Fields",
        [(f"field_{index}", Any, None) for index in range(len(fields))],
        rename={f"field_{index}": cell.name for index, cell in enumerate(fields)},
        omit_defaults=True,
        gc=False,
    )


def _unfit(plan: RowPlan, values: Sequence[Any]) -> UnfitValueError:
    """Return the error that tells all faults of a row."""
    found = (
        *(_fault_in(cell, values[cell.index]) for cell in plan.identity),
        *(_field_fault_in(cell, values[cell.index]) for cell in plan.fields),
    )
    first, *more = (fault for fault in found if fault is not None)
    return UnfitValueError(first.reason, first.detail, first.field, tuple(more))


def _fault_in(cell: Cell, value: Any) -> Fault | None:
    try:
        converted = value if cell.convert is None else cell.convert(value)
    except UnfitValueError as error:
        return Fault(error.reason, cell.name, error.detail)
    if cell.required and converted is None:
        return _missing(cell)
    return None


def _field_fault_in(cell: Cell, value: Any) -> Fault | None:
    if value is not None:
        return _fault_in(cell, value)
    return _missing(cell) if cell.required else None


def _missing(cell: Cell) -> Fault:
    detail = "null or missing, and the integration schema says that it is not optional"
    return Fault("missing_field", cell.name, detail)


def _register_source(source: str, stream: str) -> str:
    """Make a source known to tracebacks and debuggers; return the name it goes by."""
    names = (f"<row function of stream {stream!r} {n}>" for n in itertools.count(1))
    name = next(name for name in names if name not in linecache.cache)
    # Without a time of change, linecache does not look for such a file.
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    return name
