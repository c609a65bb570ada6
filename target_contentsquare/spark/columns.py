"""Columns of a DataFrame, as the core knows them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from target_contentsquare.errors import ConfigError
from target_contentsquare.mapping.columns import Column
from target_contentsquare.mapping.fields import FieldType
from target_contentsquare.mapping.wording import quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from target_contentsquare.mapping.stream_mapping import StreamMapping

# Spark's names of types that hold scalars -> their field type, and whether the values
# that `task.values` gives are of exactly that type: dates are text there.
_SCALARS: Mapping[str, tuple[FieldType | None, bool]] = {
    "string": (FieldType.STRING, True),
    "boolean": (FieldType.BOOL, True),
    "tinyint": (FieldType.INT, True),
    "smallint": (FieldType.INT, True),
    "int": (FieldType.INT, True),
    "bigint": (FieldType.INT, True),
    "float": (FieldType.FLOAT, True),
    "double": (FieldType.FLOAT, True),
    "timestamp": (FieldType.DATETIME, True),
    "timestamp_ntz": (FieldType.DATETIME, True),
    "date": (FieldType.DATETIME, False),
    "void": (None, False),
}
_TEXTS = ("varchar(", "char(", "string collate ")


@dataclass(frozen=True, slots=True)
class SparkColumn:
    """A column as its DataFrame has it.

    Attributes:
        type: Spark's simple name of the type, such as `decimal(10,2)`.
    """

    name: str
    type: str
    nullable: bool = True

    @property
    def scalar(self) -> tuple[FieldType | None, bool] | None:
        """The field type and whether values are exactly of it; None: can't be sent."""
        if self.type.startswith(_TEXTS):
            return _SCALARS["string"]
        if self.type.startswith("decimal("):
            # As text, so that a STRING gets its digits: 5.00 and not 5.0.
            is_whole = self.type.endswith(",0)")
            return (FieldType.INT if is_whole else FieldType.FLOAT), False
        return _SCALARS.get(self.type)


def spark_columns(schema: Any) -> list[SparkColumn]:
    """Return the columns of a Spark `StructType`."""
    return [
        SparkColumn(field.name, field.dataType.simpleString(), field.nullable)
        for field in schema.fields
    ]


def columns_to_send(
    columns: Sequence[SparkColumn], mapping: StreamMapping
) -> list[Column]:
    """Return the columns that hold scalars.

    Raises:
        ConfigError: The mapping names one that does not, or there are two of a name.
    """
    faults = [
        *_ambiguous(columns, mapping),
        *(_fault(setting, column) for setting, column in _unfit(columns, mapping)),
    ]
    if faults:
        raise ConfigError(*faults)
    return [
        Column(column.name, *column.scalar, nullable=column.nullable)
        for column in columns
        if column.scalar is not None
    ]


def warn_of_columns_left_out(
    columns: Sequence[SparkColumn], mapping: StreamMapping
) -> str | None:
    """Return a warning if columns are not sent because of their types."""
    schema = mapping.integration_schema
    left_out = [
        f"{column.name} ({column.type})"
        for column in columns
        if column.scalar is None and (schema is None or column.name in schema.fields)
    ]
    if mapping.fields is not None or not left_out:
        return None
    return f"left out {quoted(left_out)}: only columns with one value each can be sent"


def _named(mapping: StreamMapping) -> Iterator[tuple[str, str]]:
    """Yield each setting that names a column, and the column."""
    for key in ("user_id", "session_number", "session_key", "session_started_at"):
        if (name := getattr(mapping, key)) is not None:
            yield key, name
    for key in ("enrichment_number", "project_id"):
        if isinstance(name := getattr(mapping, key), str):
            yield key, name
    for field, name in (mapping.fields or {}).items():
        yield f"fields.{field}", name


def _unfit(
    columns: Iterable[SparkColumn], mapping: StreamMapping
) -> Iterator[tuple[str, SparkColumn]]:
    unfit = {column.name: column for column in columns if column.scalar is None}
    for setting, name in _named(mapping):
        if name in unfit:
            yield setting, unfit[name]


def _fault(setting: str, column: SparkColumn) -> str:
    return (
        f"{setting}: column '{column.name}' is {column.type}, which can't be sent: "
        "give a column with one value each that is made from it"
    )


def _ambiguous(columns: Sequence[SparkColumn], mapping: StreamMapping) -> Iterator[str]:
    names = [column.name for column in columns]
    wanted = {name for _, name in _named(mapping)} if mapping.fields else set(names)
    twice = sorted({name for name in wanted if names.count(name) > 1})
    if twice:
        yield f"the DataFrame has two columns {quoted(twice)}: rename one of them"
