"""Text from anywhere, as a line of the log and as bytes."""

import json
import logging

from hypothesis import given
from hypothesis import strategies as st

from target_contentsquare.printable import encodable, make_printable, printable

_ANY_TEXT = st.text(st.characters())  # halves of surrogate pairs too


@given(_ANY_TEXT)
def test_what_is_printable_is_one_line_that_utf8_can_hold(text: str) -> None:
    shown = printable(text)
    assert shown.isprintable()
    assert len(f"{shown}.".splitlines()) == 1
    assert shown.encode().decode() == shown


@given(_ANY_TEXT)
def test_what_can_be_seen_stays_as_it_is(text: str) -> None:
    seen = "".join(filter(str.isprintable, text))
    assert printable(seen) == seen


def test_what_can_not_be_seen_is_written_as_python_writes_it() -> None:
    text = "größer\n\x1b[31m\u2028\u00a0\ud800\U000e0001"
    assert printable(text) == r"größer\n\x1b[31m\u2028\xa0\ud800\U000e0001"


@given(_ANY_TEXT)
def test_json_in_utf8_means_the_same(text: str) -> None:
    assert json.loads(encodable(json.dumps(text, ensure_ascii=False)).encode()) == text


def test_only_a_message_at_debug_has_several_lines() -> None:
    shown = {level: _shown(level) for level in (logging.DEBUG, logging.INFO)}
    assert shown == {logging.DEBUG: "of 'a\nb'", logging.INFO: r"of 'a\nb'"}


def _shown(level: int) -> str:
    record = logging.LogRecord("x", level, "", 0, "of '%s'", ("a\nb",), None)
    assert make_printable(record)
    return record.getMessage()
