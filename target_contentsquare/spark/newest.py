"""One row for each enrichment: the newest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from target_contentsquare.errors import ConfigError
from target_contentsquare.mapping.wording import quoted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyspark.sql import DataFrame

    from target_contentsquare.mapping.stream_mapping import StreamMapping

_KEY = "__contentsquare_key_"
_RANK = "__contentsquare_rank"
# Contentsquare's numbers have no decimals; with some, 5.4 is told apart from 5.
_NUMBER = "decimal(38,6)"
# Spark can't sort by these.
_UNSORTABLE = ("map<", "variant", "void")


@dataclass(frozen=True, slots=True)
class Keys:
    """The columns that say which enrichment a row is; None where none does."""

    user_id: str | None = "user_id"
    session_number: str | None = "session_number"
    session_key: str | None = None
    enrichment_number: str | None = None
    project_id: str | None = None

    @classmethod
    def of_mapping(cls, mapping: StreamMapping, columns: Sequence[str]) -> Keys:
        """Return those of the columns that a mapping names."""
        has_key = mapping.session_key is not None
        return cls(
            user_id=None if has_key else mapping.user_id,
            session_number=None if has_key else mapping.session_number,
            session_key=mapping.session_key,
            enrichment_number=_column(mapping.enrichment_number, columns),
            project_id=_column(mapping.project_id, columns),
        )

    @property
    def expressions(self) -> list[str]:
        """SQL for the keys as Contentsquare sees them: user ids as text, numbers."""
        texts = [self.session_key] if self.session_key else [self.user_id]
        numbers = [self.enrichment_number, self.project_id]
        if not self.session_key:
            numbers.insert(0, self.session_number)
        return [
            *(_text(name) for name in texts if name),
            *(f"try_cast({_text(name)} AS {_NUMBER})" for name in numbers if name),
        ]

    @property
    def names(self) -> list[str]:
        """The columns."""
        named = (
            self.session_key or self.user_id,
            None if self.session_key else self.session_number,
            self.enrichment_number,
            self.project_id,
        )
        return [name for name in named if name]


def newest(  # noqa: PLR0913 - the keys of a mapping
    df: DataFrame,
    by: str,
    *,
    user_id: str = "user_id",
    session_number: str = "session_number",
    session_key: str | None = None,
    enrichment_number: str | None = None,
    project_id: str | None = None,
    tasks: int = 4,
) -> DataFrame:
    """Return one row for each enrichment, in as many partitions as there are tasks.

    Of rows with the same `by`, the one with the largest other columns is taken, so that
    a task that is run again takes the same. Rows whose keys are null or no number are
    all kept: they are for the rejected file.

    Args:
        by: The column that grows with each version of a row, such as `updated_at`.
        user_id: The column with the user id.
        session_number: The column with the session number.
        session_key: The column with both, in their place.
        enrichment_number: The column with the enrichment number, if there is one.
        project_id: The column with the project, if there is one.
        tasks: Partitions of the result.

    Raises:
        ConfigError: The DataFrame has no such column.
    """
    keys = Keys(
        user_id=None if session_key else user_id,
        session_number=None if session_key else session_number,
        session_key=session_key,
        enrichment_number=enrichment_number,
        project_id=project_id,
    )
    return newest_of(df, by, keys, tasks)


def newest_of(df: DataFrame, by: str, keys: Keys, tasks: int) -> DataFrame:
    """Return what `newest` returns, for keys in one value.

    Raises:
        ConfigError: The DataFrame has no such column.
    """
    _check(df, [by, *keys.names])
    order = [f"{_quote(by)} DESC NULLS LAST", *_others(df, by)]
    with_keys, key_names = _with_keys(df, keys)
    partition = ", ".join(key_names)
    ranked = with_keys.repartition(tasks, *key_names).selectExpr(
        "*",
        f"row_number() OVER (PARTITION BY {partition} ORDER BY {', '.join(order)}) "
        f"AS {_RANK}",
    )
    is_unknown = " OR ".join(f"{name} IS NULL" for name in key_names)
    return ranked.where(f"{_RANK} = 1 OR {is_unknown}").drop(_RANK, *key_names)


def spread(df: DataFrame, keys: Keys, tasks: int) -> DataFrame:
    """Return all rows in as many partitions, those with the same key in the same.

    Raises:
        ConfigError: The DataFrame has no such column.
    """
    _check(df, keys.names)
    with_keys, key_names = _with_keys(df, keys)
    return with_keys.repartition(tasks, *key_names).drop(*key_names)


def _with_keys(df: DataFrame, keys: Keys) -> tuple[DataFrame, list[str]]:
    expressions = keys.expressions
    names = [f"{_KEY}{index}" for index in range(len(expressions))]
    pairs = zip(expressions, names, strict=True)
    return df.selectExpr("*", *(f"{sql} AS {name}" for sql, name in pairs)), names


def _check(df: DataFrame, names: Sequence[str]) -> None:
    if missing := [name for name in names if name not in df.columns]:
        raise ConfigError(
            f"the DataFrame has no column {quoted(missing)}; it has: "
            f"{quoted(df.columns)}"
        )


def _others(df: DataFrame, by: str) -> list[str]:
    return [
        f"{_quote(field.name)} DESC NULLS LAST"
        for field in df.schema.fields
        if field.name != by
        and not any(word in field.dataType.simpleString() for word in _UNSORTABLE)
    ]


def _column(setting: int | str | None, columns: Sequence[str]) -> str | None:
    """Return a setting that is a column, and not a number, or the text of one."""
    return setting if isinstance(setting, str) and setting in columns else None


def _text(name: str) -> str:
    return f"trim(BOTH ' \t\r\n' FROM CAST({_quote(name)} AS STRING))"


def _quote(name: str) -> str:
    return f"`{name.replace('`', '``')}`"
