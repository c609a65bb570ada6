from typing import Any

import msgspec
import pytest

from target_contentsquare.mapping.compile import MappedColumn
from target_contentsquare.mapping.fields import FieldType
from target_contentsquare.mapping.identity import TYPED_SESSION_NUMBER, TYPED_USER_ID
from target_contentsquare.mapping.session_age import TYPED_SESSION_START
from target_contentsquare.spark.task.typed import columns_check, row_check

COLUMNS = [
    MappedColumn(name, typed, is_key=False, never_null=False)
    for name, typed in {
        "user_id": TYPED_USER_ID,
        "session_number": TYPED_SESSION_NUMBER,
        "started_at": TYPED_SESSION_START | None,
        "rating": FieldType.FLOAT.decoded,
        "anything": Any,
        "key": msgspec.Raw,
    }.items()
]
FIT: tuple[Any, ...] = ("aaa", 1, None, 0.5, [object], None)


@pytest.mark.parametrize(
    ("index", "value"),
    [
        (0, ""),
        (0, None),
        (0, 7),
        (1, 0),
        (1, None),
        (1, True),
        (2, "tomorrow"),
        (3, float("inf")),
        (3, float("nan")),
        (3, "0.5"),
    ],
)
def test_columns_are_typed_exactly_if_all_their_rows_are(
    index: int, value: object
) -> None:
    are_typed, is_typed = columns_check(COLUMNS), row_check(COLUMNS)
    assert is_typed(FIT)
    assert are_typed([[one, one] for one in FIT])
    unfit = (*FIT[:index], value, *FIT[index + 1 :])
    assert not is_typed(unfit)
    rows = zip(FIT, unfit, strict=True)
    assert not are_typed([list(values) for values in rows])
