"""Numbers, dates, yes and no in the form of one country, which stay texts."""

from __future__ import annotations

import re

#: In words that follow "these are", and what a value looks like.
_FORMS = (
    (
        "numbers with a comma",
        re.compile(r"[-+]?\d[\d.'\s]*(,\d+)+(\.\d+)?\s*[€$£%]?", re.ASCII),
    ),
    (
        "dates that do not begin with the year",
        re.compile(r"\d{1,2}([./-])\d{1,2}\1(\d{4}|\d\d)(\s.*)?", re.ASCII),
    ),
    (
        "yes and no in a language other than English",
        re.compile(
            "ja|nein|oui|non|s[ií]|no|nee|sim|não|nej|tak|nie|ano|ne|da|nu",
            re.IGNORECASE,
        ),
    ),
)


def local_form(text: str) -> str | None:
    """Return what a text without blanks around it is, in words; None if it is neither.

    >>> local_form("1.469,06 €")
    'numbers with a comma'
    >>> local_form("24.11.2026 08:50")
    'dates that do not begin with the year'
    """
    for words, pattern in _FORMS:
        if pattern.fullmatch(text):
            return words
    return None
