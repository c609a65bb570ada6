"""`max_rejected`: a count, or a share of the rows."""

import pytest

from target_contentsquare.errors import ConfigError
from target_contentsquare.settings.max_rejected import MaxRejected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0, MaxRejected(count=0)),
        (1000, MaxRejected(count=1000)),
        ("1000", MaxRejected(count=1000)),  # Meltano hands numbers on as text
        (" 7 ", MaxRejected(count=7)),
        ("5%", MaxRejected(percent=5.0)),
        ("0.5 %", MaxRejected(percent=0.5)),
        ("0%", MaxRejected(percent=0.0)),
        ("100%", MaxRejected(percent=100.0)),
    ],
)
def test_a_count_or_a_share(value: int | str, expected: MaxRejected) -> None:
    assert MaxRejected.parse(value) == expected


@pytest.mark.parametrize(
    "text",
    ["many", "%", "-1", "-5%", "101%", "5 percent", "1e3", "9" * 5000, "5%%"],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="max_rejected: must be a count"):
        MaxRejected.parse(text)


def test_a_count_is_exceeded_by_one_more() -> None:
    limit = MaxRejected(count=2)
    assert [limit.is_exceeded_at_once(n) for n in (0, 2, 3)] == [False, False, True]
    assert [limit.is_exceeded_in_the_end(n, 9) for n in (2, 3)] == [False, True]


def test_a_share_is_looked_at_in_the_end_only() -> None:
    limit = MaxRejected(percent=5.0)
    assert not limit.is_exceeded_at_once(1_000_000)
    assert not limit.is_exceeded_in_the_end(5, 100)
    assert limit.is_exceeded_in_the_end(6, 100)
    assert not limit.is_exceeded_in_the_end(0, 0)


def test_a_share_of_nothing_allows_no_reject() -> None:
    assert MaxRejected(percent=0.0).is_exceeded_in_the_end(1, 1_000_000)


@pytest.mark.parametrize("text", ["1000", "5%", "0.5%"])
def test_it_is_shown_as_it_was_set(text: str) -> None:
    assert str(MaxRejected.parse(text)) == text
