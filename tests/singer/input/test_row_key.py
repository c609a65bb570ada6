"""What tells a row from others of its stream: the values of its key properties."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from target_contentsquare.singer.input.row_key import key_values

# The last ones are written with escapes in JSON, which a decoder of names passes over.
NAMES = st.sampled_from(["id", "call id", "é", 'a"b', "a\\b", "tab\t"])
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5))


@given(st.dictionaries(NAMES, SCALARS), st.lists(NAMES))
@pytest.mark.parametrize("is_ascii", [True, False])
def test_the_values_of_the_keys_as_they_are_written(
    is_ascii: bool,  # noqa: FBT001 - from the list above
    row: dict[str, Any],
    keys: list[str],
) -> None:
    line = json.dumps({"type": "RECORD", "record": row}, ensure_ascii=is_ascii)
    values = {name: json.dumps(row[name], ensure_ascii=is_ascii) for name in row}
    written = [values.get(key, "") for key in keys]
    assert key_values(line.encode(), tuple(keys)) == ",".join(written).encode()


@pytest.mark.parametrize("keys", [("id",), ("id", 'a"b')])
def test_rows_that_the_decoder_does_not_take_have_keys_too(keys: tuple[str]) -> None:
    rows = [b'{"record": {"id": %d, "x": NaN}}' % number for number in (1, 2)]
    first, second = (key_values(row, keys) for row in rows)
    assert first != second
    assert first == key_values(rows[0], keys)
