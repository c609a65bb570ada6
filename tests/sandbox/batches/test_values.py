import math
from contextlib import suppress
from string import printable

from hypothesis import given, settings
from hypothesis import strategies as st

from target_contentsquare.sandbox import strict_json
from target_contentsquare.sandbox.batches.values import FIELD_TYPES, type_of, why_not

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@settings(max_examples=200)
@given(json_values)
def test_a_value_that_is_taken_is_what_the_documentation_allows(value: object) -> None:
    taken = {name for name in FIELD_TYPES if why_not(value, name) is None}

    if isinstance(value, bool):
        assert taken == {"BOOL"}
    elif isinstance(value, int):
        small = -(2**31) <= value < 2**31
        assert ("INT" in taken) == small
        assert taken <= {"INT", "FLOAT"}
    elif isinstance(value, float):
        fits = math.isfinite(value) and abs(value) <= 1.79769e308
        assert taken == ({"FLOAT"} if fits else set())
    elif isinstance(value, str):
        assert ("STRING" in taken) == (len(value.encode()) <= 50)
    else:
        assert taken == set()
        assert type_of(value) is None


@settings(max_examples=100)
@given(st.datetimes(), st.sampled_from(["", "Z", "+00:00", "z", " "]))
def test_only_dates_with_whole_seconds_and_a_z_are_taken(
    moment: object, ending: str
) -> None:
    text = str(moment).replace(" ", "T") + ending

    assert (why_not(text, "DATETIME") is None) == (ending == "Z" and "." not in text)


@settings(max_examples=100)
@given(st.text(alphabet=printable) | st.binary())
def test_no_body_makes_the_parser_fail_otherwise_than_by_valueerror(
    body: str | bytes,
) -> None:
    data = body if isinstance(body, bytes) else body.encode()
    with suppress(ValueError):
        strict_json.parse(data)
